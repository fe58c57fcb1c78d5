/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `rescan assess` and `rescan explain`: contracts/assessment.md.
 */
#include "fhir/util/printable.h"
#include "gateway/command.h"
#include "gateway/explain.h"
#include "gateway/offline.h"
#include "mappings/document.h"
#include "mappings/to_fhir.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define OUTPUT_MAX ((size_t)1 << 30)

enum format { FORMAT_JSON, FORMAT_NDJSON, FORMAT_TABLE, FORMAT_FHIR };

struct request {
	const char *config, *criteria;
	enum format format;
	int32_t as_of;
};

static const struct option options[] = {
    {"criteria", required_argument, NULL, 'k'},
    {"format", required_argument, NULL, 'f'},
    {"as-of", required_argument, NULL, 'a'},
    {"config", required_argument, NULL, 'c'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void
usage(FILE *out, const char *name)
{
	fprintf(out, "usage: rescan %s [OPTION]... FILE...\n\n", name);
	fputs("FILE is a FHIR R4 Bundle of any type, a single resource or "
	      "NDJSON; - is standard\ninput; several files are one set.\n\n"
	      "  --criteria LIST  of ",
	    out);
	for (size_t i = 0; criterion_registry[i] != NULL; i++) {
		fprintf(out, "%s%s", i ? "," : "", criterion_registry[i]->id);
	}
	fputs(" (default: all)\n"
	      "  --as-of DATE     the day windows are judged on (default: the "
	      "newest timepoint's)\n"
	      "  -c FILE          configuration\n",
	    out);
	if (strcmp(name, "assess") == 0) {
		fputs("  --format F       json (default), ndjson, table, or "
		      "fhir: a transaction Bundle of\n"
		      "                   what would be written back\n",
		    out);
	}
	fputs("\nExit status: 0 assessed; 1 an input could not be read; 2 "
	      "wrong usage; 3 assessed,\nwith entries in `problems`.\n",
	    out);
}

static bool
format_parse(const char *s, enum format *ret)
{
	static const char *const names[] = {"json", "ndjson", "table", "fhir"};

	for (size_t i = 0; i < 4; i++) {
		if (strcmp(s, names[i]) == 0) {
			*ret = (enum format)i;
			return true;
		}
	}
	return false;
}

/* Every name in the list is a criterion of ours. */
static bool
criteria_known(const char *list)
{
	const char *s = list;

	while (*s != '\0') {
		size_t n = strcspn(s, ","), i;

		for (i = 0; criterion_registry[i] != NULL; i++) {
			const char *id = criterion_registry[i]->id;

			if (strlen(id) == n && strncmp(id, s, n) == 0)
				break;
		}
		if (criterion_registry[i] == NULL)
			return false;
		s += n;
		if (*s == ',' && *++s == '\0')
			return false;
	}
	return *list != '\0';
}

/* EXIT_DONE to go on, else the status to leave with; -1 for --help. */
static int
parse(int argc, char **argv, struct request *r)
{
	int opt;

	optind = 1;
	while ((opt = getopt_long(argc, argv, "c:h", options, NULL)) != -1) {
		switch (opt) {
		case 'k':
			r->criteria = optarg;
			if (criteria_known(optarg))
				break;
			fprintf(stderr, "rescan: no such criterion in '%s'\n",
			    optarg);
			return EXIT_USAGE;
		case 'f':
			if (format_parse(optarg, &r->format))
				break;
			fprintf(stderr, "rescan: no format '%s'\n", optarg);
			return EXIT_USAGE;
		case 'a':
			r->as_of = day_parse(optarg);
			if (r->as_of != DAY_NONE)
				break;
			fprintf(stderr,
			    "rescan: '%s' is not a date "
			    "(YYYY-MM-DD)\n",
			    optarg);
			return EXIT_USAGE;
		case 'c':
			r->config = optarg;
			break;
		case 'h':
			usage(stdout, argv[0]);
			return -1;
		default:
			usage(stderr, argv[0]);
			return EXIT_USAGE;
		}
	}
	if (optind == argc) {
		usage(stderr, argv[0]);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* What is printed, patient by patient. */
struct printing {
	struct strbuf *out;
	enum format format;
	bool explain;
	size_t n; /* patients so far */
	struct json_writer json;
	struct to_fhir_options fhir;
	struct arena *arena; /* of the outputs; or NULL */
	LIST_OF(struct output) outputs;
	int32_t as_of; /* the latest */
	bool device;   /* is among the outputs */
};

static void
print_begin(struct printing *p)
{
	json_writer_init(&p->json, p->out, p->format == FORMAT_JSON);
	if (p->format == FORMAT_JSON)
		json_begin_array(&p->json, NULL);
	if (p->format == FORMAT_FHIR)
		p->arena = arena_new();
}

/* Outputs stand in one Bundle, and one Device serves all patients. */
static void
keep_outputs(
    struct printing *p, const struct assessment *x, struct arena *scratch)
{
	const struct output *some;
	size_t n;

	if (x->as_of != DAY_NONE && x->as_of > p->as_of)
		p->as_of = x->as_of;
	to_fhir(x, &p->fhir, scratch, &some, &n);
	for (size_t i = 0; i < n; i++) {
		const struct output *o = &some[i];

		if (strcmp(o->kind, "device") == 0) {
			if (p->device)
				continue;
			p->device = true;
		}
		*ARENA_PUSH(p->arena, &p->outputs) =
		    (struct output){.type = arena_strdup(p->arena, o->type),
			.identifier = arena_strdup(p->arena, o->identifier),
			.kind = arena_strdup(p->arena, o->kind),
			.label = arena_strdup(p->arena, o->label),
			.search = arena_strdup(p->arena, o->search),
			.body = arena_strndup(p->arena, o->body, o->len),
			.len = o->len,
			.only_if_exists = o->only_if_exists};
	}
}

static void
print_patient(void *ctx, const struct assessment *x, struct arena *scratch)
{
	struct printing *p = ctx;

	switch (p->format) {
	case FORMAT_JSON:
		document_write(x, &p->json);
		break;
	case FORMAT_NDJSON:
		json_writer_init(&p->json, p->out, false);
		document_write(x, &p->json);
		strbuf_addc(p->out, '\n');
		break;
	case FORMAT_TABLE:
		if (p->n > 0)
			strbuf_addc(p->out, '\n');
		if (p->explain)
			explain_write(x, p->out);
		else
			document_table(x, p->out);
		break;
	case FORMAT_FHIR:
		keep_outputs(p, x, scratch);
		break;
	}
	p->n++;
}

static void
print_end(struct printing *p)
{
	char day[DAY_SIZE], recorded[DAY_SIZE + 16];

	if (p->format == FORMAT_JSON) {
		json_end_array(&p->json);
		strbuf_addc(p->out, '\n');
	}
	if (p->format == FORMAT_FHIR) {
		snprintf(recorded, sizeof(recorded), "%sT00:00:00Z",
		    day_format(p->as_of, day));
		to_fhir_bundle(
		    p->outputs.items, p->outputs.n, recorded, p->out);
		strbuf_addc(p->out, '\n');
	}
}

static int
answer(int argc, char **argv, bool explain)
{
	struct request r = {NULL, NULL, FORMAT_JSON, DAY_NONE};
	struct offline o;
	struct strbuf out;
	struct printing p = {.out = &out, .explain = explain};
	struct err e = ERR_INIT;
	int status = parse(argc, argv, &r);

	if (status != EXIT_DONE)
		return status == -1 ? EXIT_DONE : status;
	strbuf_init(&out, OUTPUT_MAX);
	status = EXIT_FAILED;
	p.format = explain ? FORMAT_TABLE : r.format;
	if (offline_open(&o, r.config, &e) != ERR_OK)
		goto out;
	o.config->assess.as_of = r.as_of;
	if (r.criteria != NULL)
		o.config->assess.criteria = r.criteria;
	for (int i = optind; i < argc; i++) {
		if (offline_read(&o, argv[i], &e) != ERR_OK)
			goto out;
	}
	p.fhir = (struct to_fhir_options){o.maps, RESCAN_VERSION};
	print_begin(&p);
	if (offline_assess(&o, print_patient, &p, &e) != ERR_OK)
		goto out;
	print_end(&p);
	for (size_t i = 0; i < o.n_orphans; i++) {
		printable_print(stderr, "rescan: problem %s: %s: %s",
		    o.orphans[i].code,
		    o.orphans[i].source ? o.orphans[i].source : "-",
		    o.orphans[i].detail);
	}
	if (out.overflow) {
		err_set(&e, ERR_LIMIT, "the output is too large");
	} else if (fwrite(out.s, 1, out.len, stdout) != out.len ||
		   fflush(stdout) != 0) {
		err_set(&e, ERR_IO, "standard output cannot be written");
	} else {
		status = offline_status(&o);
	}
out:
	if (status == EXIT_FAILED)
		command_complain(&e);
	offline_close(&o);
	arena_free(p.arena);
	strbuf_done(&out);
	return status;
}

int
command_assess(int argc, char **argv)
{
	return answer(argc, argv, false);
}

int
command_explain(int argc, char **argv)
{
	return answer(argc, argv, true);
}
