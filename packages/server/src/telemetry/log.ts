import pino, { type Logger, type LoggerOptions } from 'pino';

/** JSON lines on standard output. Objects plus one constant sentence; never payloads, keys or tokens. */
export const createLog = (level: string): Logger => pino(options(level));

/** The same on standard error, for a command whose answer is on standard output. */
export const createErrorLog = (level: string): Logger =>
  pino(options(level), pino.destination({ dest: 2, sync: true }));

const options = (level: string): LoggerOptions => ({
  level,
  base: null,
  timestamp: pino.stdTimeFunctions.isoTime,
  // A backstop: nothing logs headers on purpose.
  redact: { paths: ['*.authorization', '*.cookie', '*.password', '*.secretKey', '*.token'], remove: true },
});
