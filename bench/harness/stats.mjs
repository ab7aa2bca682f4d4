/** Middle value; the mean of the two middle ones of an even number. */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Value below which this share of the values lies. */
export function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

/** One contestant against another, round by round: each round compares what ran in the same minute. */
export function ratio(rounds, [name, base], measure = 'rate') {
  const ratios = rounds
    .filter((round) => round[name] && round[base])
    .map((round) => round[name][measure] / round[base][measure]);
  if (ratios.length === 0) return undefined;
  return { median: median(ratios), min: Math.min(...ratios), max: Math.max(...ratios) };
}

/** Median, smallest and largest value of one measure of a contestant. */
export function spread(rounds, name, measure) {
  const values = rounds.filter((round) => round[name]).map((round) => round[name][measure]);
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}
