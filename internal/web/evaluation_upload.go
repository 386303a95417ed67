package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"aval/internal/evaluation"
	"aval/internal/fault"
	"aval/internal/request"
)

// The most that the form of an aspect may send: its files one by one are limited
// by the use case, its words by the domain.
const (
	uploadLimit = 512 << 20
	fieldLimit  = 400 // fields and files
)

// evidenceSent reads the form of an aspect as it comes, and keeps each file under
// its criterion; one file at a time is in memory, and a large one does not cost
// what was typed. It answers the files that were refused, by field.
func (s *Server) evidenceSent(v *visit, id request.ID, aspect evaluation.Aspect) (wrong map[string]fault.Message, err error) {
	wrong = map[string]fault.Message{}
	v.r.Body = http.MaxBytesReader(v.w, v.r.Body, uploadLimit)
	parts, err := v.r.MultipartReader()
	if err != nil { // an ordinary form, without files
		return wrong, v.read()
	}
	v.r.PostForm = url.Values{}
	left := int64(plainLimit)
	var refused error
	for range fieldLimit {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return wrong, refused
		}
		if err != nil {
			return wrong, unreadable(err)
		}
		field := part.FormName()
		criterion, isFile := strings.CutPrefix(field, "file.")
		if !isFile {
			if err := v.hold(part, &left); err != nil {
				return wrong, err
			}
			continue
		}
		if part.FileName() == "" || refused != nil {
			continue // no file chosen, or none may be kept
		}
		_, err = s.Evaluations.AddEvidence(v.ctx(), v.actor, id, aspect, criterion, evaluation.File{
			Name: part.FileName(), Media: part.Header.Get("Content-Type"), Content: part,
			Confidential: slices.Contains(v.r.PostForm["confidential"], criterion),
		})
		if f, ok := fault.As(err); ok && f.Kind == fault.Invalid && len(f.Fields) > 0 {
			for _, m := range f.Fields {
				wrong[field] = m
			}
			continue
		}
		refused = err // the words that follow are still read
	}
	return wrong, fault.New(fault.Invalid, "error.too_large")
}

// hold keeps a field of a form that is read as it comes, while there is room left
// for words.
func (v *visit) hold(part *multipart.Part, left *int64) error {
	text, err := io.ReadAll(io.LimitReader(part, *left+1))
	if err != nil {
		return unreadable(err)
	}
	if *left -= int64(len(text)); *left < 0 {
		return fault.New(fault.Invalid, "error.too_large")
	}
	v.r.PostForm.Add(part.FormName(), legible(string(text)))
	return nil
}

func unreadable(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return fault.New(fault.Invalid, "error.too_large")
	}
	return fault.New(fault.Invalid, "error.unreadable")
}
