import { element } from "../elements.js";
import { Rows, say } from "./rows.js";
import { bytesInWords, numberInWords, shareInWords } from "./words.js";

const sum = (rows, name) => rows.reduce((total, row) => total + (row[name] ?? 0), 0);

/** The few figures that say most, each leading to where there is more of it. */
export class Tiles {
  #told = { lanes: null, workers: null, cluster: null };

  constructor(box) {
    this.rows = new Rows(box, ({ name }) => name, tile);
  }

  /** @param {{lanes?: object[], workers?: object[], cluster?: object}} told what is new */
  show(told) {
    Object.assign(this.#told, told);
    const { lanes, workers, cluster } = this.#told;
    this.rows.show([
      ...(lanes ? ofLanes(lanes) : []),
      ...(workers ? ofWorkers(workers) : []),
      ...(cluster ? ofStorage(cluster) : []),
    ]);
  }
}

function ofLanes(lanes) {
  const paused = lanes.filter((lane) => lane.paused).map(({ lane }) => lane);
  return [
    {
      name: "Waiting",
      value: numberInWords(sum(lanes, "waiting")),
      note: paused.length ? `${paused.join(", ")} paused` : "",
      to: "lanes",
    },
    { name: "Under way", value: numberInWords(sum(lanes, "under_way")), to: "lanes" },
    { name: "Failed", value: numberInWords(sum(lanes, "failed")), to: "failed" },
  ];
}

function ofWorkers(workers) {
  const alive = workers.filter((worker) => worker.alive).length;
  const silent = workers.length - alive;
  return [
    {
      name: "Workers",
      value: numberInWords(alive),
      note: silent ? `${numberInWords(silent)} silent` : "",
      to: "workers",
    },
  ];
}

function ofStorage({ sets, fullest, growth }) {
  const margin = Math.min(...sets.map((set) => set.writes_margin));
  const days = growth?.days_until_full;
  const free = fullest ? fullest.free / fullest.total : NaN;
  return [
    { name: "Drives to spare", value: numberInWords(margin), note: "before writes stop", to: "storage" },
    {
      name: "Free",
      value: shareInWords(free),
      note: fullest ? `${bytesInWords(fullest.free)} on the fullest drive` : "",
      to: "storage",
    },
    ...(Number.isFinite(days)
      ? [{ name: "Full in", value: `${numberInWords(Math.floor(days))} days`, to: "storage" }]
      : []),
  ];
}

function tile({ name, to }) {
  const value = element("strong");
  const note = element("span", { className: "quiet" });
  const root = element("li", {}, element("a", { href: `#${to}` }, element("span", { textContent: name }), value, note));
  return {
    root,
    show(told) {
      say(value, told.value);
      say(note, told.note ?? "");
    },
  };
}
