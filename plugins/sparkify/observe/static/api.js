// Asks the server; what goes wrong is an error that says what to do.

/** What went wrong, and what the person who reads it does next. */
export class Trouble extends Error {
  constructor(what, todo, { signIn = false } = {}) {
    super(what);
    this.todo = todo;
    this.signIn = signIn;
  }
}

const PATIENCE = 60_000; // milliseconds

/**
 * Gets one part of the API.
 * @param {string} part - such as "overview"
 * @param {Object<string, string>} query
 * @param {AbortSignal} [signal]
 * @returns {Promise<string>} the JSON
 * @throws {Trouble}
 */
export async function get(part, query, signal) {
  const address = `api/${part}?${new URLSearchParams(query)}`;
  const limit = AbortSignal.timeout(PATIENCE);
  let answer;
  try {
    answer = await fetch(address, { signal: signal ? AbortSignal.any([signal, limit]) : limit, cache: "no-store" });
    if (answer.ok) return await answer.text();
  } catch (error) {
    if (signal?.aborted) throw error;
    const late = error.name === "TimeoutError" ? "does not answer within a minute." : "cannot be reached.";
    throw new Trouble(`Airflow's API server ${late}`, "See that it runs. This page asks again every minute.");
  }
  throw explained(answer.status, await body(answer));
}

function explained(status, { what, why, do: todo, detail }) {
  if (status === 401)
    return new Trouble("You are not signed in to Airflow, or no longer.", "Sign in, then come back.", { signIn: true });
  if (status === 403)
    return new Trouble(
      "Your user may not see this.",
      "Ask who administers Airflow for read access to the DAG sparkify.",
    );
  // the server knows better what is wrong
  if (what) return new Trouble(`${what}. ${why}`, `${todo} This page asks again every minute.`);
  if (status === 503)
    return new Trouble(
      "The warehouse cannot be reached.",
      "See that Redshift runs and that the connection sparkify_redshift leads to it. This page asks every minute.",
    );
  if (status < 500) return new Trouble(`This cannot be shown: ${told(detail) || status}.`, "Choose another range.");
  return new Trouble(
    `Airflow's API server failed (${status}).`,
    "Its log says why. This page asks again every minute.",
  );
}

async function body(answer) {
  try {
    return await answer.json();
  } catch {
    return {};
  }
}

const told = (detail) => (Array.isArray(detail) ? detail.map(({ msg }) => msg).join("; ") : detail);
