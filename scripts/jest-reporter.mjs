import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

/**
 * One line per test file while they run, the whole story of what failed, and at the end the figures as JSON in the
 * file named by ROLLCALL_JEST_RESULT, where check.mjs reads them.
 */
export default class CountReporter {
  #projects = {};
  #skipped = [];

  constructor(globalConfig) {
    this.root = globalConfig.rootDir;
  }

  onTestResult(test, result) {
    const name = test.context.config.displayName.name;
    const file = relative(this.root, result.testFilePath);
    // A file that could not even be loaded has no tests to count, and is a failure all the same.
    const isBroken = result.testExecError !== undefined && result.numFailingTests === 0;
    const figures = {
      passed: result.numPassingTests,
      failed: result.numFailingTests + Number(isBroken),
      seconds: (result.perfStats.end - result.perfStats.start) / 1000,
    };
    this.#add(name, figures);
    this.#print(`${name.padEnd(4)}  ${file}`, figures, result.failureMessage);
    const skipped = result.testResults.filter(({ status }) => status === 'pending' || status === 'todo');
    this.#skipped.push(...skipped.map(({ fullName }) => `${file}: ${fullName}`));
  }

  onRunComplete() {
    const file = process.env.ROLLCALL_JEST_RESULT;
    if (file === undefined) return;
    writeFileSync(file, JSON.stringify({ projects: this.#projects, skipped: this.#skipped }));
  }

  #add(name, figures) {
    const project = (this.#projects[name] ??= { passed: 0, failed: 0, seconds: 0 });
    for (const [key, value] of Object.entries(figures)) project[key] += value;
  }

  #print(title, { passed, failed, seconds }, message) {
    const counts = `${passed} passed${failed > 0 ? `, ${failed} failed` : ''}`;
    console.log(`${failed > 0 ? 'FAIL' : '  ok'}  ${title}  ${counts}, ${seconds.toFixed(1)} s`);
    if (failed > 0) console.log(message);
  }
}
