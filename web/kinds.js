// The kinds of files, by the names that the server gives them. What a file is its content says: until the server has
// told, its name and its type are the best guess.

const BY_NAME = [
  ["pdf", /\.pdf$/i],
  ["spreadsheet", /\.(xlsx|ods|csv)$/i],
  ["document", /\.(docx|odt|rtf|txt|md)$/i],
  ["video", /\.(mp4|m4v|mov|3g[p2]|webm|mkv|avi|mpe?g|vob|m?ts|m2ts|ogv|flv|wmv|asf)$/i],
];

/** What a file of the visitor's own seems to be. */
export function kindOfFile(file) {
  const named = BY_NAME.find(([, pattern]) => pattern.test(file.name))?.[0];
  return named ?? (file.type.startsWith("video/") ? "video" : "image");
}

/** What a file is by the names of the versions that it has or can have; `otherwise` where they don't say. */
export function kindOfVersions(versions, otherwise) {
  const has = (name) => name in versions;
  if (has("poster") || has("video")) return "video";
  if (has("table")) return "spreadsheet";
  if (has("pdf")) return "document";
  if (has("text")) return "pdf";
  return has("original") ? "image" : otherwise;
}
