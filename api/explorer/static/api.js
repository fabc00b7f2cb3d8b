// Asks the API. An answer comes, or an error that says what is wrong and whether to try again; never an endless wait.

export const PATIENCE = 20_000; // milliseconds

/** Why there is no answer; `problem` is the API's own explanation (RFC 9457), where it gave one. */
export class Trouble extends Error {
  constructor(kind, message, problem = null) {
    super(message);
    this.kind = kind; // "wrong": the question; "failed": the service; "slow" or "gone": the way there
    this.problem = problem;
  }
}

/** Ask for an address and return the response; `signal` gives up early and without an error of ours. */
export async function ask(address, signal) {
  const limit = AbortSignal.timeout(PATIENCE);
  let response;
  try {
    response = await fetch(address, { signal: AbortSignal.any([signal, limit]), headers: { accept: "application/json" } });
  } catch (error) {
    if (signal.aborted) throw error;
    if (limit.aborted) throw new Trouble("slow", `No answer came within ${PATIENCE / 1000} seconds.`);
    throw new Trouble("gone", "The service cannot be reached. It may be restarting, or the network is down.");
  }
  if (response.ok) return response;
  const problem = await response.json().catch(() => null);
  const wrong = response.status === 422 || response.status === 400 || response.status === 404 || response.status === 409;
  const said = problem?.detail || `The service answered with status ${response.status}.`;
  throw new Trouble(wrong ? "wrong" : "failed", said, problem);
}

/** Ask for JSON. */
export async function askJson(address, signal) {
  const response = await ask(address, signal);
  try {
    return await response.json();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Trouble("failed", "The answer broke off before its end.");
  }
}
