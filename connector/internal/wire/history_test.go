package wire

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"tidemark/schemas"
	"tidemark/strategies"
)

// The user schema of now reads what each one that was released has written, and so does each of them what those before it have; the
// newest one in schemas/history is that of now. A change of user.avsc is a new file there, not another text of an old one.
func TestUserHistory(t *testing.T) {
	files, err := filepath.Glob("../../../schemas/history/user-*.avsc")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	texts := make([]string, len(files))
	for _, file := range files {
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(filepath.Base(file), "user-"), ".avsc"))
		if err != nil || n < 1 || n > len(files) {
			t.Fatalf("%s: the files are numbered from 1 on, without a gap: %v", file, err)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		texts[n-1] = string(text)
	}
	if texts[len(texts)-1] != schemas.User {
		t.Error("schemas/user.avsc is not the newest one in schemas/history: put the new one there under the next number")
	}
	const row = `{"id": "u1", "name": "Ada", "createdAt": "2024-01-02T03:04:05Z", "updatedAt": "2024-05-06T07:08:09.123456Z"}`
	compiled := func(text string) *Plan {
		return mustCompile(t, Options{Schema: text, RecordsPath: "data", IDField: "id", CursorField: "updatedAt", Format: strategies.RFC3339})
	}
	for n, text := range texts {
		plan := compiled(text)
		for m, old := range texts[:n+1] {
			if err := plan.Reads(old); err != nil {
				t.Errorf("version %d does not read version %d: %v", n+1, m+1, err)
			}
			was := mustScan(t, compiled(old), `{"data": [`+row+`]}`, 1).Rows[0]
			is := mustScan(t, plan, `{"data": [`+row+`]}`, 1).Rows[0]
			v, hash, err := plan.Resolve(was.Body, old)
			if err != nil || v.N != is.Value.N || hash != is.Hash {
				t.Errorf("version %d reads a row of version %d as %+v, %x, %v; want %+v, %x", n+1, m+1, v, hash, err, is.Value, is.Hash)
			}
		}
	}
}
