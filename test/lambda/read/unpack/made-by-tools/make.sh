#!/bin/sh
# Makes the files of this folder with the programs that people use: Info-ZIP 3.0, Python's zipfile, zstd 1.5. Run it in this folder.
set -eu
line() { printf '{"_p":"%s@example.com","_t":1393344604,"_n":"Visited"}\n' "$1"; }
work=$(mktemp -d)
{ line bob; line ann; } > "$work/lines.jsonl"
line eve > "$work/more.jsonl"
printf 'Identity,Timestamp,Event\nbob@example.com,1393344604,Visited\nann@example.com,1393344605,Visited\n' > "$work/rows.csv"
mkdir -p "$work/folder/__MACOSX" && cp "$work/lines.jsonl" "$work/folder/" && printf x > "$work/folder/.DS_Store"
here=$PWD
cd "$work"
zip -q -X "$here/deflated.zip" lines.jsonl
zip -q -X -0 "$here/stored.zip" lines.jsonl
zip -q "$here/extra-fields.zip" lines.jsonl
zip -q -X -fz "$here/zip64.zip" lines.jsonl
zip -q -X - lines.jsonl | cat > "$here/pipe.zip"
cat lines.jsonl | zip -q -X - - | cat > "$here/stdin.zip"
zip -q -X -r "$here/folder.zip" folder
zip -q -X "$here/csv.zip" rows.csv
zip -q -X -z "$here/comment.zip" lines.jsonl < more.jsonl
zip -q -X "$here/several.zip" lines.jsonl more.jsonl rows.csv
zip -q -X -P secret "$here/encrypted.zip" lines.jsonl
python3 - "$here" <<'P'
import sys, zipfile
here, text = sys.argv[1], open('lines.jsonl').read()
class Pipe:
    def __init__(self, file): self.file = file
    def write(self, data): return self.file.write(data)
    def flush(self): self.file.flush()
for name, method, large in [
    ('python-stored-pipe', zipfile.ZIP_STORED, False),
    ('python-deflated-pipe', zipfile.ZIP_DEFLATED, False),
    ('python-zip64-pipe', zipfile.ZIP_DEFLATED, True),
    ('python-lzma', zipfile.ZIP_LZMA, False),
    ('python-bzip2', zipfile.ZIP_BZIP2, False),
]:
    with open(f'{here}/{name}.zip', 'wb') as file, zipfile.ZipFile(Pipe(file) if 'pipe' in name else file, 'w', method) as archive:
        with archive.open('lines.jsonl', 'w', force_zip64=large) as entry: entry.write(text.encode())
with zipfile.ZipFile(f'{here}/macos.zip', 'w', zipfile.ZIP_DEFLATED) as archive:
    archive.writestr('lines.jsonl', text); archive.writestr('__MACOSX/._lines.jsonl', 'metadata')
with zipfile.ZipFile(f'{here}/only-folders.zip', 'w') as archive: archive.writestr('folder/', '')
P
zstd -q -c lines.jsonl > "$here/lines.zst"
cat lines.jsonl | zstd -q -19 --no-check -c > "$here/stdin.zst"
{ zstd -q -c lines.jsonl; zstd -q -c more.jsonl; } > "$here/two-frames.zst"
zstd -q --long=27 -c rows.csv > "$here/csv.zst"
rm -r "$work"
