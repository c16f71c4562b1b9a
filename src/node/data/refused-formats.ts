import { DataError } from "../../errors.ts";

const pickle =
  'loading it would run the code in it; in Python: numpy.savez("data.npz", x=..., y=...), or numpy.save("data.npy", ...)';
const hdf5 = 'HDF5 is not read; in Python: numpy.savez("data.npz", x=h5py.File(...)[...][:])';

/** Files of data that are not read, by extension: why, and what to do. */
const refused: Readonly<Record<string, readonly [format: string, why: string]>> = {
  ".pkl": ["a Python pickle", pickle],
  ".pickle": ["a Python pickle", pickle],
  ".joblib": ["a Python pickle", pickle],
  ".pt": ["a PyTorch file, which is a Python pickle", pickle],
  ".pth": ["a PyTorch file, which is a Python pickle", pickle],
  ".h5": ["an HDF5 file", hdf5],
  ".hdf5": ["an HDF5 file", hdf5],
};

/** Throws DataError with the reason and the cure for a file of a format that is not read. */
export function refuseFormat(path: string, extension: string): void {
  const found = Object.hasOwn(refused, extension) ? refused[extension] : undefined;
  if (!found) return;
  const [format, why] = found;
  throw new DataError(
    `${path}: not a format of data, got ${format}, expected .npy, .npz, .mat, .csv or .parquet: ${why}`,
  );
}
