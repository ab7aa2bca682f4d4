import { RollcallError } from '#kernel';

/** What is wrong with one variable, as a sentence that says what to do; never contains a secret. */
export interface ConfigProblem {
  readonly variable: string;
  readonly message: string;
}

/** The environment variables do not make a configuration. All problems at once, one line each. */
export class ConfigError extends RollcallError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ variable, message }) => `${variable}: ${message}`).join('\n'), {
      code: 'invalid_configuration',
    });
    this.problems = problems;
  }
}
