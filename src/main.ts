/*
 * The program. Started on an older Node it says so instead of failing on syntax that Node does not know, so this file
 * stays free of static imports.
 */
const REQUIRED_MAJOR = 24;
const major = Number(process.versions.node.split('.')[0]);

if (major < REQUIRED_MAJOR) {
  process.stderr.write(
    `Rollcall needs Node ${REQUIRED_MAJOR} or newer, this is ${process.versions.node}. "npm start" brings its own.\n`,
  );
  process.exitCode = 1;
} else {
  const { run } = await import('./run.js');
  await run(process.env);
}

export {};
