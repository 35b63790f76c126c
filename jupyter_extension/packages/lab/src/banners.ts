/** The banner above an experiment: who, when, which version, where, with what verdict; and what can be done. */
import type { Facts } from './drives';

export interface Action {
  label: string;
  hint: string;
  primary?: boolean;
  act(): void;
}

/** Make the banner; every text is set as text. */
export function banner(facts: Facts, actions: readonly Action[]): HTMLElement {
  const node = document.createElement('div');
  node.className = 'tc-lab-banner';
  node.setAttribute('role', 'region');
  node.setAttribute('aria-label', 'About this experiment');
  const said = document.createElement('div');
  said.className = 'tc-lab-said';
  const head = document.createElement('strong');
  head.textContent = facts.kind === 'run' ? 'This experiment as it was run' : 'This version as it was stored';
  said.append(head);
  for (const [name, value] of list(facts)) {
    const item = document.createElement('span');
    item.className = name === 'verdict' ? 'tc-lab-fact tc-lab-verdict' : 'tc-lab-fact';
    item.textContent = value;
    said.append(item);
  }
  node.append(said);
  if (facts.sentence) {
    const sentence = document.createElement('div');
    sentence.className = 'tc-lab-sentence';
    sentence.textContent = facts.sentence;
    node.append(sentence);
  }
  const row = document.createElement('div');
  row.className = 'tc-lab-actions';
  for (const action of actions) {
    const button = document.createElement('button');
    button.className = action.primary ? 'jp-mod-styled jp-mod-accept' : 'jp-mod-styled';
    button.textContent = action.label;
    button.title = action.hint;
    button.addEventListener('click', () => action.act());
    row.append(button);
  }
  node.append(row);
  return node;
}

function list(facts: Facts): [string, string][] {
  const rows: [string, string][] = [
    ['version', facts.title],
    ['author', facts.author ? `by ${facts.author}` : ''],
    ['when', when(facts.created)],
    ['backend', facts.backend ? `on ${facts.backend}` : ''],
    ['state', facts.state]
  ];
  if (facts.kind === 'run') {
    rows.push(['verdict', facts.verdict ? `Reproduced: ${facts.verdict}` : 'Not reproduced yet']);
  }
  return rows.filter(([, value]) => value);
}

function when(text: string): string {
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });
}
