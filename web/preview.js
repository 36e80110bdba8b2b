const LONG_SIDE = 360;
let last = Promise.resolve();

/**
 * A small picture of a file before it is sent; null where the browser can't read the format.
 * One after the other: a photo of 24 MP takes 100 MB while it is decoded.
 * @param {File} file
 * @returns {Promise<HTMLCanvasElement | null>}
 */
export function previewOf(file) {
  const mine = last.then(() => draw(file)).catch(() => null);
  last = mine;
  return mine;
}

async function draw(file) {
  const bitmap = await createImageBitmap(file);
  try {
    const scale = Math.min(1, LONG_SIDE / Math.max(bitmap.width, bitmap.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return canvas;
  } finally {
    bitmap.close();
  }
}
