// Numbers for people, by the name of what they measure.

const BYTES = ["B", "KB", "MB", "GB", "TB"];

export function bytes(value: number): string {
  let unit = 0;
  let rest = value;
  while (rest >= 1024 && unit < BYTES.length - 1) {
    rest /= 1024;
    unit++;
  }
  return `${rest.toLocaleString("en", { maximumFractionDigits: rest < 10 && unit > 0 ? 1 : 0 })} ${BYTES[unit]}`;
}

export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 86400), "d"],
    [Math.floor(whole / 3600) % 24, "h"],
    [Math.floor(whole / 60) % 60, "min"],
    [whole % 60, "s"],
  ];
  const first = parts.findIndex(([count]) => count > 0);
  return first < 0 ? "0 s" : parts.slice(first, first + 3).map(([count, unit]) => `${count} ${unit}`).join(" ");
}

/** `key` is the member's name: its last word tells the unit. */
export function value(key: string, what: unknown): string {
  if (typeof what !== "number") return typeof what === "string" ? what : JSON.stringify(what);
  if (/percent$/.test(key)) return `${what.toFixed(1)} %`;
  if (/(bytes|bytes_per_second)$/.test(key)) return bytes(what) + (/per_second$/.test(key) ? "/s" : "");
  if (/(^|_)(seconds|uptime)$/.test(key)) return duration(what);
  return what.toLocaleString("en", { maximumFractionDigits: 2, useGrouping: !/pid|id$/.test(key) });
}

/** `used_bytes` as "used": the value shows the unit. */
export function label(key: string): string {
  return key.replace(/_(bytes|bytes_per_second|seconds)$/, "").replaceAll("_", " ");
}

/** The last part of a URL: "hyperty://local/page-1f" is "page-1f". */
export function short(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1);
}
