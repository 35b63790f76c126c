/** A view in a Lumino widget: drawn when it is first on screen, taken down when it goes. */
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import type { Host, Payload, Store } from '@taskcell/views';

import { loadViews, told } from './requests';
import type { Shown } from './tokens';

export class ViewPanel extends Widget {
  constructor(
    public shown: Shown,
    private _store: Store,
    private _host: Host,
    private _first?: Payload
  ) {
    super();
    this.addClass('tc-lab-view');
    this.node.tabIndex = -1;
  }

  override dispose(): void {
    this._unmount?.();
    this._unmount = undefined;
    super.dispose();
  }

  protected override onAfterShow(_message: Message): void {
    this._mount();
  }

  protected override onAfterAttach(_message: Message): void {
    if (this.isVisible) {
      this._mount();
    }
  }

  protected override onActivateRequest(_message: Message): void {
    const first = this.node.querySelector<HTMLElement>('a[href], button, input, select, [tabindex="0"]');
    (first ?? this.node).focus({ preventScroll: true });
  }

  private _mount(): void {
    if (this._begun) {
      return;
    }
    this._begun = true;
    loadViews().then(
      views => {
        if (!this.isDisposed) {
          const { view } = this.shown;
          const params = Object.fromEntries(Object.entries(this.shown.params).filter(([name]) => name !== 'notebook'));
          this._unmount = views.mount(this.node, view, params, this._store, this._host, this._first);
        }
      },
      (reason: unknown) => {
        this.node.textContent = `The views can't be loaded: ${told(reason)} Reload the page.`;
      }
    );
  }

  private _begun = false;
  private _unmount: (() => void) | undefined;
}
