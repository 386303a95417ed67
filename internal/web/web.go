// Package web is the door for people: HTML pages over the use cases.
//
// # How to write a page
//
// A handler is a method of Server that reads what was sent, calls one use case
// and shows the result; it decides nothing:
//
//	func (s *Server) requestSubmit(v *visit) error {
//		id := request.ID(v.path("id"))
//		if _, err := s.Requests.Submit(v.ctx(), v.actor, id); err != nil {
//			return err
//		}
//		v.flash("request.submitted")
//		return v.redirect("/requests/" + string(id))
//	}
//
// A page is a templ component in <area>_<page>.templ over the layout:
//
//	templ requestPage(v *visit, r request.Request) {
//		@layout(v, r.Platform) {
//			@ui.Head(r.Platform, v.T("request.number", r.Number))
//		}
//	}
//
// and its handler ends with `return v.render(requestPage(v, r))`. The layout
// shows what v.flash left, and above a form that was refused the summary of
// its errors; a page does neither.
//
// Every route stands in routes.go: its pattern, the permission it needs and,
// for a POST that comes from a form, the handler that shows the form. When the
// use case refuses what was typed (fault.Invalid or fault.Conflict), that
// handler runs again with the refusal: v.value("purpose", r.Purpose) answers
// what was typed instead of what is kept, v.chosen does so for boxes and
// tiles, v.wrong("purpose") the sentence of the field; v.input puts the three
// together for the pieces of package ui. A refusal without a form becomes a
// page with its status, sentence and clause. Any other error is our mistake:
// it is logged under a number and the page tells the number alone.
//
// A page is rendered whole before its first byte is sent. No page carries a
// script or a style of its own; the content security policy would refuse them.
// Every form works without JavaScript.
package web
