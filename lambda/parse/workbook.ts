// cspell:ignore rels
/** The first file in the zip archive of a workbook of Excel, or of LibreOffice (`mimetype`). Its name begins at byte 30. */
const WORKBOOK_ENTRY = /^(?:\[Content_Types\]\.xml|_rels\/|docProps\/|xl\/|mimetype)/

/** Whether a file is the workbook of a spreadsheet, which is a zip archive. @param start its first 60 bytes; more do no harm */
export function isWorkbook(start: Uint8Array): boolean {
  if (start[0] !== 0x50 || start[1] !== 0x4b) return false
  return WORKBOOK_ENTRY.test(new TextDecoder('latin1').decode(start.subarray(30, 60)))
}
