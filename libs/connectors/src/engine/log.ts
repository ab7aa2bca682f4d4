/** The part of a pino logger that the engine uses. */
export interface EngineLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** A log whose every line says what it is about; what a line says itself wins. */
export function logAbout(log: EngineLog, about: object): EngineLog {
  const add = (facts: object): object => ({ ...about, ...facts });
  return {
    debug: (facts, message) => log.debug(add(facts), message),
    info: (facts, message) => log.info(add(facts), message),
    warn: (facts, message) => log.warn(add(facts), message),
    error: (facts, message) => log.error(add(facts), message),
  };
}
