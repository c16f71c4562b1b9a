import type { Platform } from "../platform.ts";
import { codesFolder, Run } from "../run.ts";

/** Time spent training a run that has come to its end, its first stage included where it has one; undefined before. */
export async function trainingSeconds(
  { info, store }: Pick<Run, "info" | "store">,
  platform: Pick<Platform, "openStore">,
): Promise<number | undefined> {
  const own = info.result?.seconds;
  if (own === undefined || !info.parent?.inside) return own;
  const first = await Run.open(platform.openStore(store.pathOf(codesFolder)));
  return own + (first.info.result?.seconds ?? 0);
}
