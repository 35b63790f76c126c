/** Round times for an axis. Unit: seconds. */
const ROUND = [
  0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
];

export function ticks(last_s: number, room_px: number): number[] {
  const most = Math.max(1, Math.floor(room_px / 84));
  const step = ROUND.find((one) => last_s / one <= most) ?? Math.ceil(last_s / most / 86_400) * 86_400;
  return Array.from({ length: Math.floor(last_s / step + 1e-9) + 1 }, (_, index) => index * step);
}

/** Round numbers for an axis of values, some four of them. */
export function niceTicks(low: number, high: number, wanted = 4): number[] {
  if (!(high > low)) return [low];
  const raw = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((one) => one * power >= raw) ?? 10) * power;
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.max(1, Math.floor(high / step + 1e-9) - first + 1) }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}
