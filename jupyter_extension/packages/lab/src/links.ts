/** Addresses: `?taskcell=run:ID`, `version:NAME@N`, `comparison:ID,ID`, to targets and back. Pure. */
import type { Target } from './tokens';

const RUN = /^[0-9A-HJKMNP-TV-Z]{26}$/i;

/** What a link says, or why it can't be followed. */
export type Followed = { target: Target; store: string; project: string } | { problem: string };

/** The pattern by which the router finds such an address. */
export const PATTERN = /[?&]taskcell=/;

/** Read the query of an address. */
export function follow(search: string): Followed {
  const query = new URLSearchParams(search);
  const text = (query.get('taskcell') ?? '').trim();
  const store = query.get('store') ?? '';
  const project = query.get('project') ?? '';
  const colon = text.indexOf(':');
  const kind = text.slice(0, colon);
  const rest = text.slice(colon + 1);
  if (colon > 0 && kind === 'run' && RUN.test(rest)) {
    return { target: { kind, run: rest.toUpperCase() }, store, project };
  }
  const runs = rest.split(',').filter(Boolean);
  if (colon > 0 && kind === 'comparison' && runs.length > 1 && runs.every(run => RUN.test(run))) {
    return { target: { kind, runs: runs.map(run => run.toUpperCase()) }, store, project };
  }
  const at = rest.lastIndexOf('@');
  const version = Number(rest.slice(at + 1));
  if (colon > 0 && kind === 'version' && at > 0 && Number.isInteger(version) && version > 0) {
    return { target: { kind, workflow: rest.slice(0, at), version }, store, project };
  }
  return { problem: `This link leads nowhere: taskcell=${text.slice(0, 200) || '(nothing)'}` };
}

/** The value of `?taskcell=` for a target. */
export function reference(target: Target): string {
  switch (target.kind) {
    case 'run':
      return `run:${target.run}`;
    case 'comparison':
      return `comparison:${target.runs.join(',')}`;
    case 'version':
      return `version:${target.workflow}@${target.version}`;
  }
}

/** An address with our parts of the query taken out; the rest stays as it was. */
export function without(href: string): string {
  const url = new URL(href);
  url.searchParams.delete('taskcell');
  url.searchParams.delete('store');
  url.searchParams.delete('project');
  return url.toString();
}
