/** Settings of models whose usual networks take seconds a step or a sample, for tests of what does not depend on their size. */
export const smallConfigs: Readonly<Record<string, object>> = {
  made: { hiddenDims: [16], masks: 2 },
  transformer: { width: 32, depth: 1 },
  "masked-diffusion": { width: 32, depth: 1 },
  diffusion: { channels: [4, 8], patch: 2, attention: 0 },
  vdvae: { latents: [1, 1], patch: 4, width: 4, latentChannels: 2 },
  nvae: { latents: [1, 1], patch: 4, width: 4, latentChannels: 2 },
  nice: { hiddenDims: [16], couplings: 2 },
  realnvp: { width: 4, couplings: 2 },
  glow: { width: 4, couplings: 2 },
  maf: { hiddenDims: [16], layers: 2 },
  "spline-flow": { hiddenDims: [16], layers: 2 },
  pixelcnn: { width: 4, depth: 1, hidden: 4 },
};
