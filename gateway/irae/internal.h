/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of the irAE engine share.  A day goes through them in this
 * order: input (what is current), organ and evidence (lines and grades),
 * treatment (line T), level, episode (life cycle), flag (priority, notify).
 */
#ifndef RESCAN_IRAE_INTERNAL_H
#define RESCAN_IRAE_INTERNAL_H

#include "gateway/irae/irae.h"

enum irae_trait {
	TRAIT_NEVER_SUPPRESS = 1, /* §4.3.2 */
	TRAIT_PERMANENT = 2,      /* ends as controlled, not resolved */
	TRAIT_IMAGED = 4,         /* recovery is a study without the finding */
	TRAIT_FLOOR_PM = 8,
	TRAIT_LOW = 16,       /* always PL */
	TRAIT_SPECIFIC = 32,  /* only specific symptoms count */
	TRAIT_CYTOPENIA = 64, /* explained by chemotherapy */
	TRAIT_ENZYMES = 128,  /* isolated enzymes: possible, PM at most */
	TRAIT_CONTEXT = 256,  /* context is a line of evidence */
	TRAIT_GRAVE = 512     /* a complication is grade 4 (§2.5) */
};
unsigned irae_traits(enum irae_module m);
int irae_symptom_grade(enum irae_module m);

/*= irae §4.1 lines of evidence */
enum irae_line {
	LINE_L = 1,
	LINE_X = 2,
	LINE_I = 4,
	LINE_V = 8,
	LINE_D = 16,
	LINE_A = 32,
	LINE_T = 64
};
#define LINES_DATA (LINE_L | LINE_X | LINE_I | LINE_V)

enum irae_use { OWN, GRADED, HELPS, FINDING, COMPANION };
#define LINE 0 /* the effect of a treatment that is a line, not a grade */

struct irae_reads_row {
	enum irae_module module;
	enum irae_analyte analyte;
	enum irae_use use;
};
extern const struct irae_reads_row irae_reads[];
extern const size_t irae_n_reads;

struct irae_image_row {
	enum irae_module module;
	const char *site, *finding, *modality;
	enum irae_use use;
};
/* The row a finding belongs to, NULL: none. */
const struct irae_image_row *irae_image_row(const struct irae_image *x);
/* Is the image at that index the last word on its finding up to v's day? */
struct irae_view;
bool irae_is_last_word(const struct irae_view *v, size_t at);

struct irae_treatment_row {
	enum irae_module module;
	enum irae_drug_role role;
	int effect;
};
extern const struct irae_treatment_row irae_treatments[];
extern const size_t irae_n_treatments;

/* --- one run --- */

enum irae_end { END_NONE, END_RECOVERED, END_REFUTED, END_DISMISSED };

/* What is remembered of a module between days. */
struct irae_tracker {
	bool open;
	int number; /* of the episode, 0: never any */
	int32_t onset, ended;
	enum irae_end end;
	int32_t evidence_from; /* what is older belonged to an earlier one */
	unsigned lines;
	int32_t first_line;
	bool treated; /* line T */
	int32_t treated_day;
	int data_peak;
	enum irae_level data_level_peak;
	int grade, data_grade; /* on the day before */
	int grade_before;      /* and before that: the clock alone lowers
				* nothing */
	enum irae_level level;
	int64_t troponin_nadir;
	bool measured;
	int32_t normal_first, normal_last;
	enum irae_phase phase; /* the last that was thyrotoxic or hypothyroid */
	bool hys_law;
	int dismissed_grade;
	enum irae_level dismissed_level;
	struct irae_row told; /* the last that interrupted */
	bool quiet_since;     /* something calmer came after it */
	int32_t last_data;
	bool stale;
};

/* Observations of one analyte in order of time. */
struct irae_series {
	LIST_OF(const struct irae_obs *) obs;
};

struct irae_run {
	const struct irae_input *in;
	const struct irae_options *o;
	struct arena *arena;
	int32_t start; /* first dose */
	struct irae_series series[IRAE_ANALYTE__MAX];
	bool *credited; /* a flag a drug */
	struct irae_tracker trackers[IRAE__MAX];
	struct irae_result *result;
};

/* One module on one day. */
struct irae_view {
	const struct irae_run *run;
	enum irae_module module;
	int32_t day;
	int32_t since; /* what is older is not current */
	bool open;
	int32_t onset; /* of the open episode, else the day */
};

/* What there is on that day. */
struct irae_evidence {
	unsigned lines;
	int32_t first_day; /* of the earliest line, DAY_NONE */
	int data;          /* grade from measurements, images, symptoms */
	int reported;      /* explicit grade in force, any source */
	int coded;         /* of it, what a clinician's code says */
	int treatment;     /* grade a treatment implies */
	bool symptomatic;
	bool explained, major;
	bool severe, event; /* event: a new ECG finding or complication today */
	bool context, dat_positive;
	int ecg_grade;
	int32_t reported_day; /* last day a condition began or ended */
	bool measured;        /* a graded value is current */
	bool fresh;           /* and dated this day */
	bool normal;          /* none of them above grade 0 or the baseline */
	bool normal_set;      /* an organ's own rule has decided it */
	int32_t measured_day;
	bool image_present, image_gone;
	bool pet_only;
	int64_t troponin;
	bool troponin_high;
	int guideline_grade;
	enum irae_phase phase;
	unsigned notes;
	struct because_list because;
};

/* --- input.c: what is known and current --- */

void irae_input_sort(struct irae_input *in);
void irae_series_build(struct irae_run *r);
/* The last current value, NULL: none. */
const struct irae_obs *irae_current(
    const struct irae_view *v, enum irae_analyte a);
/* Was that day one on which something explained the module, now over?
 *= irae §4.3.1: what is dated then is not evidence later */
bool irae_was_explained(const struct irae_view *v, int32_t day);
/* NULL: none; *ret_stale: older than baseline_days. */
const struct irae_obs *irae_baseline(
    const struct irae_run *r, enum irae_analyte a, bool *ret_stale);
bool irae_is_active(int32_t day, int32_t end_day, int32_t on);
/* Prednisone equivalent of all systemic steroids on a day, micrograms. */
int64_t irae_steroid_ug(const struct irae_run *r, int32_t day);
bool irae_is_high_dose(const struct irae_run *r, int64_t ug);
/* Did a steroid of at least ug a day, begun before, run within the days up
 * to and including `day`? */
bool irae_steroid_within(
    const struct irae_run *r, int32_t day, int days, int64_t ug);
/* A drug of that role active on the view's day, begun since day 1. */
const struct irae_drug *irae_drug_on(
    const struct irae_view *v, enum irae_drug_role role);
/* Is chemotherapy an explanation on that day? */
bool irae_chemo_explains(const struct irae_run *r, int32_t day);
/* The last dose on or before a day, DAY_NONE: none. */
int32_t irae_last_dose(const struct irae_run *r, int32_t day);

/* --- due.c: days to come --- */

int32_t irae_due(const struct irae_run *r);

/* --- organ.c, endocrine.c: grades and lines of measured values --- */

void irae_organ_read(const struct irae_view *v, struct irae_evidence *e);
/* What only supports other lines, once all of those are known. */
void irae_organ_support(const struct irae_view *v, struct irae_evidence *e);
void irae_read_thyroid(const struct irae_view *v, struct irae_evidence *e);
void irae_read_pituitary(const struct irae_view *v, struct irae_evidence *e);
void irae_read_adrenal(const struct irae_view *v, struct irae_evidence *e);
void irae_read_diabetes(const struct irae_view *v, struct irae_evidence *e);
/* The grade of an analyte's current value (-1: none), explained in e when it
 * is above 0; with `line` it is that line from grade `from` on. */
int irae_grade_current(const struct irae_view *v, struct irae_evidence *e,
    enum irae_analyte a, unsigned line, int from);
/* Is the current value above / below its own limit?  UNKNOWN: no value or no
 * limit. */
enum tristate irae_is_high(const struct irae_view *v, enum irae_analyte a);
enum tristate irae_is_low(const struct irae_view *v, enum irae_analyte a);

/* --- evidence.c --- */

void irae_evidence_read(const struct irae_view *v, struct irae_evidence *e);
void irae_evidence_line(struct irae_evidence *e, unsigned line, int32_t day);
void irae_evidence_data(struct irae_evidence *e, int grade);
void irae_say(const struct irae_view *v, struct irae_evidence *e,
    const char *rule, const char *source, const char *fmt, ...) PRINTF(5, 6);
/* Millionths as a number without needless zeros. */
const char *irae_number(struct arena *a, int64_t micro);

/* --- treatment.c --- */

struct irae_view irae_view_of(
    const struct irae_run *r, enum irae_module m, int32_t day);
/* Credit the treatments begun in the last days to the modules they treat. */
void irae_treatment_credit(struct irae_run *r, int32_t day);

/* --- level.c --- */

struct irae_judgement {
	enum irae_level level, data_level; /* data: without T, D and A */
	unsigned notes;
	bool isolated; /* enzymes and nothing else */
};
void irae_level_judge(const struct irae_view *v, const struct irae_evidence *e,
    unsigned lines, int grade, struct irae_judgement *ret);

/* --- episode.c --- */

/* How a day concerns a module. */
enum irae_concern {
	CONCERN_NONE,
	CONCERN_REVIEW, /* the clock only */
	CONCERN_HELPS,
	CONCERN_OWN
};
void irae_episode_step(struct irae_run *r, enum irae_module m, int32_t day,
    enum irae_concern concern);
/* Let time pass without data up to, but not including, a day. */
void irae_episode_wait(struct irae_run *r, enum irae_module m, int32_t day,
    enum irae_concern concern);

/* --- flag.c --- */

/* Priority and notification of a row, then keep it if it is worth keeping. */
void irae_flag_emit(struct irae_run *r, enum irae_module m,
    const struct irae_evidence *e, const struct irae_judgement *j,
    enum irae_concern concern, struct irae_row *row);
void irae_flag_bundle(struct irae_run *r);

/* --- handoff.c --- */

void irae_handoff_all(struct irae_run *r);

#endif
