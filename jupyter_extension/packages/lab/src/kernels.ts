/** Ask a notebook's kernel the same operations as the server: for the notebook as it stands, with its live values. */
import type { Kernel, KernelMessage, Session } from '@jupyterlab/services';
import type { Store } from '@taskcell/views';

const ANSWER = 'taskcell';

/** What a kernel answers, or why it does not. */
export class KernelProblem extends Error {
  constructor(
    message: string,
    readonly remedy = '',
    readonly code = 'kernel'
  ) {
    super(message);
    this.name = 'KernelProblem';
  }
}

/** A store that asks a notebook's kernel first what only a kernel knows, and the server everything else. */
export function kernelStore(sessions: Session.IManager, path: string, server: Store): Store {
  return {
    ...server,
    request: async (name, params, signal) => {
      if (!ofNotebook(name, params)) {
        return server.request(name, params, signal);
      }
      const model = await sessions.findByPath(path);
      if (!model?.kernel) {
        throw new KernelProblem(`${path} has no kernel.`, 'Start one and run its cells, then refresh.');
      }
      const connection = sessions.connectTo({ model });
      try {
        if (!connection.kernel) {
          throw new KernelProblem(`${path} has no kernel.`, 'Start one and run its cells, then refresh.');
        }
        return (await ask(connection.kernel, name, params)) as never;
      } finally {
        connection.dispose();
      }
    }
  };
}

/** Whether something is asked about the notebook as it stands, which the server can't know. */
function ofNotebook(name: string, params: object): boolean {
  const given = params as { target?: unknown; workflow?: unknown };
  if (name === 'workflows.graph') {
    return !given.workflow;
  }
  return ['runs.form', 'runs.launch', 'runs.preview'].includes(name) && !given.target;
}

/** Send one operation to a kernel and return its result; nothing is shown, counted or kept in the history. */
export async function ask(kernel: Kernel.IKernelConnection, name: string, params: object): Promise<unknown> {
  const sent = JSON.stringify(JSON.stringify({ request: name, params }));
  const future = kernel.requestExecute({
    code: '',
    silent: true,
    store_history: false,
    allow_stdin: false,
    user_expressions: { [ANSWER]: `__import__('taskcell.widgets.asked', fromlist=['']).ask(${sent})` }
  });
  const reply = (await future.done) as KernelMessage.IExecuteReplyMsg;
  if (reply.content.status !== 'ok') {
    throw new KernelProblem('The kernel was interrupted before it answered.', 'Try again.');
  }
  const answer = (reply.content.user_expressions as Record<string, unknown>)[ANSWER];
  const read = readAnswer(answer);
  if ('error' in read) {
    const { message, remedy, code } = read.error as { message?: string; remedy?: string; code?: string };
    throw new KernelProblem(message ?? 'The kernel refused without words.', remedy ?? '', code);
  }
  return read.result;
}

function readAnswer(answer: unknown): { result: unknown } | { error: object } {
  if (typeof answer === 'object' && answer !== null) {
    if ('data' in answer && typeof answer.data === 'object' && answer.data !== null) {
      const found = (answer.data as Record<string, unknown>)['application/json'];
      if (typeof found === 'object' && found !== null) {
        return found as { result: unknown } | { error: object };
      }
    }
    if ('ename' in answer && answer.ename === 'ModuleNotFoundError') {
      return { error: { message: "The notebook's kernel has no Taskcell.", remedy: 'Install taskcell where the kernel runs.' } };
    }
    if ('evalue' in answer) {
      return { error: { message: `The kernel could not answer: ${String(answer.evalue)}` } };
    }
  }
  return { error: { message: 'The kernel gave no answer.', remedy: 'It may not be a Python kernel.' } };
}
