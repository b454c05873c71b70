import pino, { type Logger } from 'pino';

/** JSON lines on standard output. Objects plus one constant sentence; never payloads, keys or tokens. */
export const createLog = (level: string): Logger =>
  pino({
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    // A backstop: nothing logs headers on purpose.
    redact: { paths: ['*.authorization', '*.cookie', '*.password', '*.secretKey', '*.token'], remove: true },
  });
