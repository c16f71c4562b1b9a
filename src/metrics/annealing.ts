/**
 * The `steps` + 1 inverse temperatures of annealed importance sampling, from 0 to 1, [steps + 1]: a rescaled sigmoid of equally spaced inputs
 * from -steepness to steepness, so that steps are small near both ends, where the distributions change most (Wu et al. 2017,
 * arXiv:1611.04273, section 5).
 */
export function annealingSchedule(steps: number, steepness = 4): Float64Array {
  const sigmoid = (t: number): number => 1 / (1 + Math.exp(-t));
  const [low, high] = [sigmoid(-steepness), sigmoid(steepness)];
  return Float64Array.from(
    { length: steps + 1 },
    (_, t) => (sigmoid(steepness * ((2 * t) / steps - 1)) - low) / (high - low),
  );
}
