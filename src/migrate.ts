import { readConfig } from './config/index.js';
import { openDatabase } from './database/index.js';

/** Brings the database to this version's schema and ends; `npm start` does the same before it serves. */
async function main(): Promise<void> {
  const { databaseUrl, dataDir } = readConfig(process.env);
  const database = await openDatabase({ databaseUrl, dataDir, poolSize: 1 });
  await database.close();
  process.stdout.write('The database has the schema of this version.\n');
}

main().catch((error: unknown) => {
  process.stderr.write(`The migration failed: ${(error as Error).message}\n`);
  process.exitCode = 1;
});
