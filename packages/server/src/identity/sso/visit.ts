/** Of the request that a step of a sign-in came with. */
export interface Visit {
  /** The header `cookie`. */
  cookie: string | undefined;
  ip: string;
  userAgent: string | undefined;
  /** The token of the session the browser has so far. */
  replaces: string | undefined;
}

/** Where the browser goes on, with which cookies. */
export interface Step {
  location: string;
  cookies: string[];
  /** Of a new session. */
  token?: string;
}
