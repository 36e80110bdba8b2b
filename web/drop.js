/** Whether a file is one that nobody means to send: what systems leave in folders (.DS_Store), what lies in hidden ones. */
export function isHidden(file) {
  return (file.webkitRelativePath || file.name).split("/").some((name) => name.startsWith("."));
}

function entriesOf(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

async function filesUnder(entry) {
  if (entry.isFile) {
    return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  }
  if (entry.name.startsWith(".")) return [];
  const reader = entry.createReader();
  const files = [];
  // readEntries gives at most 100 at a time, and none when it is through.
  for (let batch = await entriesOf(reader); batch.length > 0; batch = await entriesOf(reader)) {
    for (const inner of batch) files.push(...(await filesUnder(inner).catch(() => [])));
  }
  return files;
}

async function filesOf(transfer) {
  // The list is emptied as soon as this event is over, so all entries are taken before the first wait.
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (entries.length === 0) return [...transfer.files];
  const groups = await Promise.all(entries.map((entry) => filesUnder(entry).catch(() => [])));
  return groups.flat();
}

/**
 * Files dropped anywhere on the page, folders with all they hold.
 * @param {HTMLElement} target
 * @param {HTMLElement} veil shown while something is dragged over the page
 * @param {(files: Promise<File[]>) => void} onfiles called at once: to go through a folder takes a while, and what it was
 * dropped on may not be there any more after that
 */
export function watchDrops(target, veil, onfiles) {
  const carriesFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  let depth = 0;
  const show = (by) => {
    depth = by === 0 ? 0 : Math.max(0, depth + by);
    veil.hidden = depth === 0;
  };
  target.addEventListener("dragenter", (event) => carriesFiles(event) && show(1));
  target.addEventListener("dragleave", (event) => carriesFiles(event) && show(-1));
  target.addEventListener("dragover", (event) => carriesFiles(event) && event.preventDefault());
  target.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    show(0);
    onfiles(filesOf(event.dataTransfer));
  });
}

/** Files chosen by a file input; the same ones can be chosen again afterwards. */
export function watchInput(input, onfiles) {
  input.addEventListener("change", () => {
    const files = [...input.files];
    input.value = "";
    onfiles(files);
  });
}
