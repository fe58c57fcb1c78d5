/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The probe's report: a table for people, JSON for machines.
 */
#include "fhir/json_writer.h"
#include "fhir/util/printable.h"
#include "gateway/probe.h"

#include <string.h>

#define CELL_MAX ((size_t)1 << 20)

/* A blank behind at least `width` columns, none when that is -1. */
static void
print_cell(const char *s, int width, FILE *out)
{
	struct strbuf text;
	int n = 0;

	strbuf_init(&text, CELL_MAX);
	printable_add(&text, s, strlen(s));
	for (size_t i = 0; i < text.len; i++)
		n += ((unsigned char)text.s[i] & 0xc0) != 0x80;
	fputs(text.s, out);
	strbuf_done(&text);
	if (width >= 0)
		fprintf(out, "%*s", n < width ? width - n + 1 : 1, "");
}

void
probe_print(const struct probe_report *r, FILE *out)
{
	static const char *const signs[PROBE__MAX] = {"ok", "note", "BAD", "?"};
	char at[INSTANT_SIZE];

	fprintf(out, "%s  ", instant_format(r->at_ms, at));
	print_cell(r->base, 0, out);
	print_cell(r->software, 0, out);
	print_cell(r->version, 0, out);
	fprintf(out, "\n%d requests, %s\n\n", r->requests,
	    r->wrote ? "tests written and deleted again" : "nothing written");
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct probe_finding *f = &r->findings.items[i];

		print_cell(signs[f->level], 4, out);
		print_cell(f->id, 16, out);
		print_cell(f->type, 24, out);
		print_cell(f->measured, -1, out);
		if (f->says[0] != '\0') {
			fputs("  (it says: ", out);
			print_cell(f->says, -1, out);
			fputs(")", out);
		}
		fputc('\n', out);
	}
	for (size_t i = 0; i < r->left.n; i++) {
		fputs("\nleft behind: ", out);
		print_cell(r->left.items[i], -1, out);
	}
	if (r->left.n > 0)
		fputc('\n', out);
}

static void
put_profile(struct json_writer *w, const struct profile *p)
{
	json_begin_object(w, "profile");
	if (p->page_count > 0)
		json_put_int(w, "page_count", p->page_count);
	if (p->lag_s >= 0)
		json_put_int(w, "lag_s", p->lag_s);
	if (p->by_patient)
		json_put_string(w, "mode", "patient");
	json_put_optional(w, "last_updated", p->last_updated);
	json_put_optional(w, "post_search", p->post_search);
	if (p->url_max > 0)
		json_put_int(w, "url_max", p->url_max);
	json_put_bool(w, "sort", p->sort);
	json_put_bool(w, "if_none_exist", p->if_none_exist);
	json_put_bool(w, "if_match", p->if_match);
	if (p->accepts_known) {
		json_begin_array(w, "accepts");
		for (size_t i = 0; i < p->accepts.n; i++)
			json_put_string(w, NULL, p->accepts.items[i]);
		json_end_array(w);
	}
	json_end_object(w);
}

void
probe_json(const struct probe_report *r, struct strbuf *out)
{
	struct json_writer w;
	char at[INSTANT_SIZE];

	json_writer_init(&w, out, true);
	json_begin_object(&w, NULL);
	json_put_string(&w, "base_url", r->base);
	json_put_string(&w, "at", instant_format(r->at_ms, at));
	json_put_string(&w, "software", r->software);
	json_put_string(&w, "version", r->version);
	json_put_string(&w, "fhir_version", r->fhir);
	json_put_bool(&w, "fit", probe_is_fit(r));
	json_put_int(&w, "requests", r->requests);
	json_put_bool(&w, "wrote", r->wrote);
	put_profile(&w, &r->profile);
	json_begin_array(&w, "findings");
	for (size_t i = 0; i < r->findings.n; i++) {
		const struct probe_finding *f = &r->findings.items[i];

		json_begin_object(&w, NULL);
		json_put_string(&w, "id", f->id);
		if (f->type[0] != '\0')
			json_put_string(&w, "type", f->type);
		json_put_string(&w, "level", probe_level_name(f->level));
		json_put_string(&w, "measured", f->measured);
		if (f->says[0] != '\0')
			json_put_string(&w, "says", f->says);
		json_end_object(&w);
	}
	json_end_array(&w);
	json_begin_array(&w, "left_behind");
	for (size_t i = 0; i < r->left.n; i++)
		json_put_string(&w, NULL, r->left.items[i]);
	json_end_array(&w);
	json_end_object(&w);
	strbuf_addc(out, '\n');
}
