import type { Tensor } from "../../graph/tensor.ts";
import type { DataSpec } from "../model.ts";

/** Examples as networks see them whose papers have intensities from -1 to 1: those so, all else as it is. */
export const centeredOf = (data: DataSpec): ((x: Tensor) => Tensor) =>
  isIntensity(data) ? (x) => x.mul(2).sub(1) : (x) => x;

/** Whether values are intensities from 0 to 1. */
export const isIntensity = ({ range, columns }: DataSpec): boolean => range !== null && !columns;
