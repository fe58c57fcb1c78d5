/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The papers that rules and thresholds come from.
 */
#ifndef RESCAN_SOURCES_H
#define RESCAN_SOURCES_H

#define EISENHAUER      "Eisenhauer EA et al. Eur J Cancer 2009;45:228-247"
#define SCHWARTZ_NODES  "Schwartz LH et al. Eur J Cancer 2009;45:261-267"
#define WOLCHOK         "Wolchok JD et al. Clin Cancer Res 2009;15:7412-7420"
#define NISHINO         "Nishino M et al. Clin Cancer Res 2013;19:3936-3943"
#define BOHNSACK        "Bohnsack O et al. Ann Oncol 2014;25(suppl 4):iv361"
#define SEYMOUR         "Seymour L et al. Lancet Oncol 2017;18:e143-e152"
#define EORTC_FAQ       "EORTC RECIST/iRECIST questions and answers"
#define HODI            "Hodi FS et al. J Clin Oncol 2018;36:850-858"
#define FERTE           "Ferte C et al. doi:10.1158/1078-0432.CCR-13-2098"
#define CHAMPIAT        "Champiat S et al. Clin Cancer Res 2017;23:1920"
#define SAADA_BOUZID    "Saada-Bouzid E et al. Ann Oncol 2017;28:1605"
#define KATO            "Kato S et al. Clin Cancer Res 2017;23:4242"
#define FERRARA         "Ferrara R et al. JAMA Oncol 2018;4:1543"
#define KAS             "Kas B et al. JAMA Oncol 2020;6:1039"
#define LO_RUSSO        "Lo Russo G et al. Clin Cancer Res 2019;25:989"
#define MATOS           "Matos I et al. Clin Cancer Res 2020;26:1846"
#define KIM             "Kim CG et al. Ann Oncol 2019;30:1104"
#define PARK            "Park HJ et al. Radiology 2020;297:87-96"
#define NISHINO2017     "Nishino M et al. doi:10.1158/1078-0432.CCR-17-0114"
#define BERNARD_TESSIER "Bernard-Tessier A et al. 2020, as cited in PMC9083034"
#define WAHL            "Wahl RL et al. J Nucl Med 2009;50(suppl 1):122S"
#define YOUNG           "Young H et al. Eur J Cancer 1999;35:1773"
#define CHO             "Cho SY et al. J Nucl Med 2017;58:1421"
#define ANWAR           "Anwar H et al. Eur J Nucl Med Mol Imaging 2018;45:376"
#define GOLDFARB        "Goldfarb L et al. EJNMMI Res 2019;9:8"
#define ITO             "Ito K et al. J Nucl Med 2019;60:335"
#define CHESON2014      "Cheson BD et al. J Clin Oncol 2014;32:3059-3068"
#define CHESON2016      "Cheson BD et al. Blood 2016;128:2489-2496"
#define CTCAE           "NCI CTCAE 5.0 (2017) and 6.0 (2025)"
#define ASCO_IRAE       "Schneider BJ et al. J Clin Oncol 2021;39:4073-4126"
#define DERIVED         "derived: a decision of this program, no publication"

#endif
