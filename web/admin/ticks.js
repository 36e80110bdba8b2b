// Where the lines of a chart's axes lie. Pure.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const TIME_STEPS = [
  ...[MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE],
  ...[HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY],
];
// Seconds are counted in sixties, all else in tens.
const SECOND_STEPS = [1, 2, 5, 10, 15, 30, ...TIME_STEPS];

/**
 * Round values from 0 to at least `most`.
 * @param {number} most the largest value there is
 * @param {number} count about so many steps
 * @param {string} unit "seconds" has steps of its own, "count" none below 1
 */
export function valueTicks(most, count = 4, unit = "") {
  const top = most > 0 ? most : 1;
  const step = stepOf(top / count, unit);
  const steps = Math.ceil(top / step - 1e-9);
  return Array.from({ length: steps + 1 }, (_, at) => Number((at * step).toPrecision(12)));
}

function stepOf(rough, unit) {
  if (unit === "seconds" && rough > 0.5) {
    const known = SECOND_STEPS.find((step) => step >= rough);
    if (known) return known;
  }
  // There is no half of a file.
  if (unit === "count" && rough < 1) return 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((times) => times * power).find((step) => step >= rough - 1e-12 * power);
}

/**
 * Round moments within a span, in local time.
 * @param {number} from seconds since 1970
 * @param {number} to
 * @param {number} count at most so many
 * @returns {{ticks: number[], step: number}} moments in seconds, and their distance
 */
export function timeTicks(from, to, count = 6) {
  const step = TIME_STEPS.find((one) => (to - from) / one <= count) ?? 28 * DAY;
  // Midnight of local days, whatever the zone; a change of the clock in between is off by its hour.
  const zone = new Date(from * 1000).getTimezoneOffset() * MINUTE;
  const first = Math.ceil((from - zone) / step) * step + zone;
  const ticks = [];
  for (let at = first; at <= to; at += step) ticks.push(at);
  return { ticks, step };
}

/** What stands below such a line: the time of day, or the day where lines are that far apart. */
export function tickInWords(at, step) {
  const date = new Date(at * 1000);
  const midnight = date.getHours() === 0 && date.getMinutes() === 0;
  const form = step >= DAY || midnight ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" };
  return date.toLocaleString(undefined, form);
}
