import { synonyms } from "../../nearest-name.ts";

/** Arguments with flags and devices that people bring from elsewhere in our names: --lr is --learning-rate, --device gpu is webgpu. */
export function withoutAliases(args: readonly string[]): readonly string[] {
  return args.map((argument, i) => {
    if (args[i - 1] === "--device") return deviceOf(argument);
    const [, flag = "", rest = ""] = /^--([^=]+)(=.*)?$/s.exec(argument) ?? [];
    if (flag === "device") return `--device=${deviceOf(rest.slice(1))}`.replace(/=$/, "");
    return Object.hasOwn(flags, flag) ? `--${flags[flag]}${rest}` : argument;
  });
}

const flags: Readonly<Record<string, string>> = { lr: "learning-rate", wd: "weight-decay" };

const deviceOf = (name: string): string => (name === "gpu" ? synonyms["gpu"]! : name);
