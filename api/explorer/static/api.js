// Asks the API. An answer comes, or an error that says what is wrong and whether to try again; never an endless wait.

export const PATIENCE = 20_000; // milliseconds
const WRONG = [400, 404, 406, 409, 422]; // the question is what has to change

/** Why there is no answer; `problem` is the API's own explanation (RFC 9457), where it gave one. */
export class Trouble extends Error {
  constructor(kind, message, problem = null) {
    super(message);
    this.kind = kind; // "wrong": the question; "failed": the service; "slow" or "gone": the way there
    this.problem = problem;
  }
}

/** Ask for an address and read the answer as `json` or `text`; `signal` gives up early, and that is no trouble. */
export async function ask(address, signal, form = "json") {
  const giveUp = new AbortController();
  const stop = () => giveUp.abort();
  let late = false;
  const timer = setTimeout(() => { late = true; stop(); }, PATIENCE);
  signal.addEventListener("abort", stop);
  try {
    signal.throwIfAborted();
    const response = await fetch(address, { signal: giveUp.signal });
    if (response.ok) return await response[form]();
    throw await refusal(response);
  } catch (error) {
    if (signal.aborted || error instanceof Trouble) throw error;
    if (late) throw new Trouble("slow", `No answer came within ${PATIENCE / 1000} seconds.`);
    if (error instanceof SyntaxError) throw new Trouble("failed", "The answer broke off before its end.");
    throw new Trouble("gone", "The service cannot be reached. It may be restarting, or the network is down.");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", stop);
  }
}

async function refusal(response) {
  const problem = await response.json().catch(() => null);
  const kind = WRONG.includes(response.status) ? "wrong" : "failed";
  return new Trouble(kind, problem?.detail ?? `The service answered with status ${response.status}.`, problem);
}
