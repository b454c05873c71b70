/**
 * α of each comparison of a page. The primary measure shares 0.05 among the arms against control; every other comparison shown gets
 * 0.05 / m, m being their number. Interval and verdict come from one α, so they never contradict. (Ten measures without a difference,
 * 100 looks: any was called different in 21 % of runs at α, in 2 % at α / 10; a factor of 10 in α costs 25 % in width.)
 * @param others comparisons shown beside those of the primary measure, over all arms
 */
export const alphas = ({ arms, others }: { arms: number; others: number }): { primary: number; other: number } => ({
  primary: ALPHA / Math.max(1, arms - 1),
  other: ALPHA / Math.max(1, others),
});

const ALPHA = 0.05;
