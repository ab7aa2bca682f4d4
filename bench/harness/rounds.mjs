/**
 * Measures contestants in turn, round after round, so that whatever else the machine does in some minute meets all of
 * them. Every contestant is warmed up before the first round.
 * @param {{ scenario: string, rounds: number, contestants: object[],
 *   measure: (contestant: object, round: number) => Promise<{ rate: number }> }} options
 * @returns {Promise<Record<string, object>[]>} for each round, what was measured by contestant name.
 */
export async function runRounds({ scenario, rounds, contestants, measure }) {
  const results = [];
  for (let round = 1; round <= rounds; round += 1) {
    const result = {};
    for (const contestant of contestants) {
      const measured = await measure(contestant, round);
      result[contestant.name] = measured;
      const cpu = measured.cpuPerThousand.toFixed(3);
      const rate = `${Math.round(measured.rate)}/s, ${cpu} CPU s per 1000`;
      console.log(`  ${scenario}, round ${round}/${rounds}: ${contestant.name} ${rate}`);
    }
    results.push(result);
  }
  return results;
}

/** CPU time and memory of a process around a piece of work. */
export async function withUsage(child, work) {
  const before = await child.ask('usage');
  const result = await work();
  const after = await child.ask('usage');
  return { ...after, result, cpuSeconds: after.cpuSeconds - before.cpuSeconds };
}
