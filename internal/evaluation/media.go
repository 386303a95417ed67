package evaluation

import (
	"archive/zip"
	"bytes"
	"net/http"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"aval/internal/fault"
)

// MaxEvidence is the largest file of evidence, in bytes.
const MaxEvidence = 10 << 20

const docx = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"

// checkFile refuses an empty file, one too large and one of another kind.
func checkFile(content []byte, claimed string) (media string, err error) {
	switch {
	case len(content) == 0:
		return "", fault.Form(map[string]string{"file": "evaluation.evidence_empty"})
	case len(content) > MaxEvidence:
		return "", fault.FormMsg(map[string]fault.Message{"file": {Key: "evaluation.evidence_large", Args: []any{MaxEvidence >> 20}}})
	}
	return sniff(content, claimed)
}

// CheckFile answers how a file of evidence is kept: under a name that confuses
// nobody, as the media type that its content shows. It refuses, beside the field
// "file", one that is empty, too large, or of another kind than it claims.
func CheckFile(content []byte, sent, claimed string) (name, media string, err error) {
	if media, err = checkFile(content, claimed); err != nil {
		return "", "", err
	}
	return fileName(sent, media), media, nil
}

// sniff answers what a file truly is, of the five kinds that evidence may be.
// What its sender calls it must agree; otherwise it is refused.
func sniff(content []byte, claimed string) (string, error) {
	refused := fault.Form(map[string]string{"file": "evaluation.evidence_media"})
	media := ""
	switch found, _, _ := strings.Cut(http.DetectContentType(content), ";"); found {
	case "application/pdf", "image/png", "image/jpeg":
		media = found
	case "application/zip":
		if wordDocument(content) {
			media = docx
		}
	case "text/plain":
		if plain(content) {
			media = found
		}
	}
	if media == "" {
		return "", refused
	}
	claimed, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(claimed)), ";")
	if claimed != "" && claimed != "application/octet-stream" && claimed != media {
		return "", refused
	}
	return media, nil
}

// plain is true of text that a browser will not take for anything else.
func plain(content []byte) bool {
	if !utf8.Valid(content) {
		return false
	}
	return !strings.ContainsFunc(string(content), func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' && r != '\f'
	})
}

func wordDocument(content []byte) bool {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return false
	}
	types, document := false, false
	for _, f := range archive.File {
		types = types || f.Name == "[Content_Types].xml"
		document = document || f.Name == "word/document.xml"
	}
	return types && document
}

// fileName keeps the last part of a sender's name, without what could confuse a
// header or a reader: it is shown and downloaded, never opened.
func fileName(sent, media string) string {
	name := path.Base(strings.ReplaceAll(sent, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf) || strings.ContainsRune(`"<>|:*?`, r) {
			return -1
		}
		return r
	}, name)
	if name = strings.Trim(name, ". "); name == "" || name == "/" {
		name = "document"
	}
	stem := name
	switch extension := path.Ext(name); strings.ToLower(extension) {
	case extensions[media], ".jpeg":
		stem = strings.TrimSuffix(name, extension)
	}
	if stem == "" {
		stem = "document"
	}
	if runes := []rune(stem); len(runes) > 120 {
		stem = string(runes[:120])
	}
	return stem + extensions[media]
}

var extensions = map[string]string{
	"application/pdf": ".pdf",
	"image/png":       ".png",
	"image/jpeg":      ".jpg",
	"text/plain":      ".txt",
	docx:              ".docx",
}
