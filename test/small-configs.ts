/** Settings of models whose usual networks take seconds a step, for tests of what does not depend on their size. */
export const smallConfigs: Readonly<Record<string, object>> = {
  diffusion: { channels: [4, 8], patch: 2, attention: 0 },
  pixelcnn: { width: 4, depth: 1, hidden: 4 },
};
