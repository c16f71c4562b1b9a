/** A tar archive as POSIX ustar describes it, written apart from the reader. */
export function tarOf(files: readonly (readonly [name: string, bytes: Uint8Array])[]): Buffer {
  const parts = files.flatMap(([name, bytes]) => {
    const head = Buffer.alloc(512);
    head.write(name, 0);
    head.write(bytes.length.toString(8).padStart(11, "0"), 124);
    head.write("0", 156);
    head.write("ustar\0", 257);
    return [head, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}
