export {
  readPolicy,
  DEFAULT_POLICY,
  POLICY_BOUNDS,
  RELAXED_HOURS,
  type GuardPolicy,
  type Limit,
  type Limits,
} from './policy.js';
export {
  isHarmless,
  judgeRun,
  judgeWindow,
  type Before,
  type RemovalKind,
  type RunRemovals,
  type Verdict,
  type WindowCounts,
} from './judge.js';
