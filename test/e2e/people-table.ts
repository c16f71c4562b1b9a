import { stream } from "../../src/random/index.ts";

/** A small CSV file of people: whole and real numbers, categories, a fifth of the jobs missing; pilots earn 40 more than clerks. */
export function peopleTable(rows: number): string {
  const random = stream(3, "people");
  const jobs = ["clerk", "cook", "pilot"] as const;
  const lines = Array.from({ length: rows }, () => {
    const job = Math.floor(random.uniform() * jobs.length);
    const age = Math.round(40 + 10 * random.normal());
    const income = (50 + 20 * job + 0.3 * (age - 40) + 4 * random.normal()).toFixed(1);
    const member = random.uniform() < (age > 45 ? 0.8 : 0.2) ? "yes" : "no";
    return [age, random.uniform() < 0.2 ? "" : jobs[job], income, member].join(",");
  });
  return `${["age,job,income,member", ...lines].join("\n")}\n`;
}
