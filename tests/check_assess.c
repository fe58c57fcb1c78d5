/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The assessor at its edges.  A row is a case in the notation of
 * tests/support/series.h (with single quotes) and the categories expected of
 * one criterion, visit by visit.
 */
#include <string.h>

#include "tests/support/check_main.h"
#include "tests/support/series.h"

struct row {
	const char *name, *criterion, *text, *want;
};

static const struct row recist_rows[] = {
    {"+19.9 % is SD", "recist11", CASE(ONE("100"), TP("42", T1("119.9"))),
	"SD"},
    {"+20.0 % is PD", "recist11", CASE(ONE("100"), TP("42", T1("120"))), "PD"},
    {"+20.1 % is PD", "recist11", CASE(ONE("100"), TP("42", T1("120.1"))),
	"PD"},
    {"+4.9 mm is SD", "recist11", CASE(ONE("20"), TP("42", T1("24.9"))), "SD"},
    {"+5.0 mm is PD", "recist11", CASE(ONE("20"), TP("42", T1("25"))), "PD"},
    {"+5.1 mm is PD", "recist11", CASE(ONE("20"), TP("42", T1("25.1"))), "PD"},
    {"-29.9 % is SD", "recist11", CASE(ONE("100"), TP("42", T1("70.1"))), "SD"},
    {"-30.0 % is PR", "recist11", CASE(ONE("100"), TP("42", T1("70"))), "PR"},
    {"14.0 to 9.8 is PR exactly", "recist11",
	CASE(ONE("14"), TP("42", T1("9.8"))), "PR"},
    {"27.0 to 32.4 is PD exactly", "recist11",
	CASE(ONE("27"), TP("42", T1("32.4"))), "PD"},
    {"3.2 to 8.2 is PD exactly", "recist11",
	CASE(ONE("12"), TP("42", T1("3.2")) "," TP("84", T1("8.2"))), "PR PD"},
    {"node 10.0 is disease, 9.9 is not", "recist11",
	CASE(NODE("16"), TP("42", N1("10")) "," TP("84", N1("9.9"))), "PR CR"},
    {"too small node is normal", "recist11",
	CASE(NODE("16"), TP("42", N1("'TSTM'"))), "CR"},
    {"too small lesion is not gone", "recist11",
	CASE(ONE("40"), TP("42", T1("'TSTM'"))), "PR"},
    {"after true CR any return is PD", "recist11",
	CASE(ONE("30"), TP("42", T1("0")) "," TP("84", T1("4"))), "CR PD"},
    {"nadir 0 without overall CR: 4.9 mm is no PD", "recist11",
	CASE(ONE("30"), TP("42", T1("0") "," NT("NON_CR_NON_PD")) "," TP("84",
			    T1("4.9") "," NT("NON_CR_NON_PD")) "," TP("126",
			    T1("5") "," NT("NON_CR_NON_PD"))),
	"PR PR PD"},
    {"part of the targets proves PD", "recist11",
	CASE(TWO("30", "20"), TP("42", T1("60"))), "PD"},
    {"part of the targets proves no PR", "recist11",
	CASE(TWO("30", "20"), TP("42", T1("3"))), "NE"},
    {"a partial sum is no nadir", "recist11",
	CASE(TWO("30", "20"),
	    TP("42", T1("20")) "," TP("84", "'targets':{'T1':30,'T2':20}")),
	"NE SD"},
    {"merged is not absent while the other is there", "recist11",
	CASE(TWO("30", "20"),
	    TP("42", "'targets':{'T1':4,'T2':{'merged_into':'T1'}}")),
	"PR"},
    {"merged is gone with what it merged into", "recist11",
	CASE(TWO("30", "20"),
	    TP("42", "'targets':{'T1':40,'T2':{'merged_into':'T1'}}") "," TP(
		"84", "'targets':{'T1':0,'T2':{'merged_into':'T1'}}")),
	"SD CR"},
    {"merged into what merged in turn", "recist11",
	CASE(BASE("{'id':'T1','mm':30},{'id':'T2','mm':20},"
		  "{'id':'T3','mm':10}"),
	    TP("42", "'targets':{'T1':40,'T2':{'merged_into':'T1'},"
		     "'T3':{'merged_into':'T2'}}") "," TP("84",
		"'targets':{'T1':0,'T2':{'merged_into':'T1'},"
		"'T3':{'merged_into':'T2'}}")),
	"PR CR"},
    {"target CR with non-target unknown is PR", "recist11",
	CASE(ONE("30"),
	    TP("42", T1("30") "," NT("NON_CR_NON_PD")) "," TP("84", T1("0"))),
	"SD PR"},
    {"non-targets only", "recist11",
	CASE("'baseline':{'day':0,'nontargets':['n1']}",
	    TP("42", "'nt_lesions':{'n1':'present'}") "," TP(
		"84", "'nt_lesions':{'n1':'absent'}") "," TP("126",
		"'nt_lesions':{'n1':'unequivocal_progression'}")),
	"NON-CR/NON-PD CR PD"},
    {"no disease at all", "recist11",
	CASE("'baseline':{'day':0}", TP("42", "'new_lesion':false")), "NED"},
    {"baseline missing", "recist11", "{'timepoints':[" TP("42", T1("30")) "]}",
	"NE"},
    {"target not measured at baseline", "recist11",
	CASE(BASE("{'id':'T1'}"), TP("42", T1("30"))), "NE"},
    {"equivocal stays out", "recist11",
	CASE(ONE("30"), TP("42", T1("30") "," NEWS(DOUBT("x", "9")))), "SD"},
    {"equivocal found definite counts from its first day", "recist11",
	CASE(ONE("30"), TP("42", T1("30") "," NEWS(DOUBT("x", "9"))) "," TP(
			    "84", T1("30") "," NEWS(PLAIN("x", "14")))),
	"PD PD"},
    {"equivocal that goes was never there", "recist11",
	CASE(ONE("30"), TP("42", T1("30") "," NEWS(DOUBT("x", "9"))) "," TP(
			    "84", T1("30") "," NEWS(PLAIN("x", "0")))),
	"SD SD"},
    {"small node alone waits", "recist11",
	CASE(ONE("30"), TP("42", T1("30") "," NEWS(NLN("n", "14.9")))), "SD"},
    {"small node seen again counts from its first day", "recist11",
	CASE(ONE("30"), TP("42", T1("30") "," NEWS(NLN("n", "10"))) "," TP(
			    "84", T1("30") "," NEWS(NLN("n", "10")))),
	"PD PD"},
    {"small node gone next time never counted", "recist11",
	CASE(ONE("30"), TP("42", T1("30") "," NEWS(NLN("n", "11"))) "," TP(
			    "84", T1("30") "," NEWS(NLN("n", "9.9")))),
	"SD SD"},
    {"node of 9.9 mm is not recorded", "recist11",
	CASE(ONE("30"), TP("42", T1("30") "," NEWS(NLN("n", "9.9")))), "SD"},
    {"node of 15.0 mm counts at once", "recist11",
	CASE(ONE("30"), TP("42", T1("30") "," NEWS(NLN("n", "15")))), "PD"},
    {"small node with another new lesion counts", "recist11",
	CASE(ONE("30"),
	    TP("42", T1("30") "," NEWS(NLN("n", "11") "," PLAIN("x", "12")))),
	"PD"},
    {"reader says new lesion, none in the data", "recist11",
	CASE(ONE("30"), TP("42", T1("30") ",'new_lesion':true")), "PD"},
    {"yes makes the doubtful lesion definite", "recist11",
	CASE(ONE("30"),
	    TP("42", T1("30") ",'new_lesion':true," NEWS(DOUBT("x", "9")))),
	"PD"},
    {"yes while a waiting node is unread", "recist11",
	CASE(ONE("30"), TP("42", T1("30") "," NEWS(NLN("n", "12"))) "," TP(
			    "84", T1("30") ",'new_lesion':true")),
	"SD PD"},
    {"yes of two doubtful lesions is one of them", "recist11",
	CASE(ONE("30"), TP("42", T1("30") ",'new_lesion':true," NEWS(
				     DOUBT("x", "9") "," DOUBT("y", "9")))),
	"PD"},
    {"an indicated lesion, named and then gone, is gone", "recist11",
	CASE(ONE("30"), TP("42", T1("30") ",'new_lesion':true") "," TP("84",
			    T1("30") "," NEWS(PLAIN("x", "12"))) "," TP("126",
			    T1("30") "," NEWS(PLAIN("x", "0")))),
	"PD PD SD"},
    {"unequivocal progression of a lesion comes before the visit's status",
	"recist11",
	CASE("'baseline':{'day':0,'targets':[{'id':'T1','mm':50}],"
	     "'nontargets':['n1']}",
	    TP("42", T1("50") "," NT("NE") ",'nt_lesions':{'n1':'unequivocal_"
					   "progression'}") "," TP("84",
		T1("50") "," NT(
		    "NON_CR_NON_PD") ",'nt_lesions':{'n1':"
				     "'unequivocal_progression'}") "," TP("126",
		T1("50") "," NT("NON_CR_NON_PD") ",'nt_lesions':{'n1':"
						 "'present'}")),
	"PD PD SD"},
    {"reader says none, data only first measured one", "recist11",
	CASE(ONE("30"),
	    TP("42", T1("30") ",'new_lesion':false," NEWS(PLAIN("x", "12")))),
	"SD"},
    {"resolved new lesion is no longer one", "recist11",
	CASE(ONE("30"), TP("42", T1("30") "," NEWS(NLT("x", "12"))) "," TP(
			    "84", T1("30") "," NEWS(NLT("x", "0")))),
	"PD SD"},
    {"unread new lesion is still one", "recist11",
	CASE(ONE("30"),
	    TP("42", T1("30") "," NEWS(NLT("x", "12"))) "," TP("84", T1("30"))),
	"PD PD"},
    {"sums at two visits, PR holds until PD", "recist11",
	CASE(ONE("100"), TP("42", T1("60")) "," TP("84", T1("71")) "," TP(
			     "126", T1("72")) "," TP("168", T1("71"))),
	"PR PR PD SD"},
    {"PR holds only when confirmed, if that is asked", "recist11",
	CASE_P("'confirm_response':true", ONE("100"),
	    TP("42", T1("65")) "," TP("69", T1("71"))),
	"PR SD"},
};

static const struct row irecist_rows[] = {
    {"25 days: disregarded", "irecist",
	CASE(ONE("100"), TP("42", T1("125")) "," TP("67", T1("140"))),
	"iUPD iUPD"},
    {"26 days: confirms by grace", "irecist",
	CASE(ONE("100"), TP("42", T1("125")) "," TP("68", T1("130"))),
	"iUPD iCPD"},
    {"27 days: strict window disregards", "irecist",
	CASE_P("'grace_days':0", ONE("100"),
	    TP("42", T1("125")) "," TP("69", T1("130"))),
	"iUPD iUPD"},
    {"28 days: confirms", "irecist",
	CASE_P("'grace_days':0", ONE("100"),
	    TP("42", T1("125")) "," TP("70", T1("130"))),
	"iUPD iCPD"},
    {"a disregarded scan leaves no nadir", "irecist",
	CASE(ONE("100"),
	    TP("42", T1("125")) "," TP("56", T1("50")) "," TP("84", T1("70"))),
	"iUPD iUPD iPR"},
    {"confirms with 5.0 mm, not 4.9", "irecist",
	CASE(ONE("100"), TP("42", T1("125")) "," TP("77", T1("129.9")) "," TP(
			     "112", T1("130"))),
	"iUPD iUPD iCPD"},
    {"back to SD resets, the next needs its own confirmation", "irecist",
	CASE(ONE("100"), TP("42", T1("125")) "," TP("77", T1("110")) "," TP(
			     "119", T1("125")) "," TP("154", T1("131"))),
	"iUPD iSD iUPD iCPD"},
    {"NE keeps it pending", "irecist",
	CASE(ONE("100"), TP("42", T1("125")) "," TP(
			     "77", "'not_done':true") "," TP("119", T1("110"))),
	"iUPD NE iSD"},
    {"non-target unknown does not clear a non-target cause", "irecist",
	CASE(ONE("100"), TP("42", T1("100") "," NT("PD")) "," TP(
			     "77", T1("100") "," NT("NE"))),
	"iUPD NE"},
    {"unread new lesion is NE", "irecist",
	CASE(ONE("100"), TP("42", T1("100") "," NEWS(NLT("x", "12"))) "," TP(
			     "77", T1("100"))),
	"iUPD NE"},
    {"new lesion grows 5.0 mm", "irecist",
	CASE(ONE("100"), TP("42", T1("100") "," NEWS(NLT("x", "12"))) "," TP(
			     "77", T1("100") "," NEWS(NLT("x", "17")))),
	"iUPD iCPD"},
    {"new lesion first shrinks: growth counts from its lowest", "irecist",
	CASE(ONE("100"),
	    TP("42", T1("100") "," NEWS(NLT("x", "15"))) "," TP(
		"77", T1("100") "," NEWS(NLT("x", "12"))) "," TP("112",
		T1("100") "," NEWS(NLT("x", "17")))),
	"iUPD iUPD iCPD"},
    {"survivor of a reset: 20 % and 5 mm", "irecist",
	CASE(ONE("100"),
	    TP("42", T1("100") "," NEWS(NLT("x", "20"))) "," TP(
		"77", T1("60") "," NEWS(NLT("x", "20"))) "," TP("119",
		T1("60") "," NEWS(NLT("x", "24.9"))) "," TP("161",
		T1("60") "," NEWS(NLT("x", "25")))),
	"iUPD iPR iPR iUPD"},
    {"an unequivocal lesion stays so until it shrinks", "irecist",
	CASE("'baseline':{'day':0,'targets':[{'id':'T1','mm':50}],"
	     "'nontargets':['n1']}",
	    TP("42", T1("50") ",'nt_lesions':{'n1':'unequivocal_"
			      "progression'}") "," TP("77",
		T1("50") ",'nt_lesions':{'n1':'present'}") "," TP("112",
		T1("50") ",'nt_lesions':{'n1':'decreased'}")),
	"iUPD iUPD iSD"},
    {"an unequivocal lesion restated is no further increase", "irecist",
	CASE("'baseline':{'day':0,'targets':[{'id':'T1','mm':50}],"
	     "'nontargets':['n1']}",
	    TP("42", T1("50") ",'nt_lesions':{'n1':'unequivocal_"
			      "progression'}") "," TP("77",
		T1("50") ",'nt_lesions':{'n1':'unequivocal_"
			 "progression'}") "," TP("112",
		T1("50") ",'nt_lesions':{'n1':'increased'}")),
	"iUPD iUPD iCPD"},
    {"indicated new lesion, still indicated", "irecist",
	CASE(ONE("100"), TP("42", T1("100") ",'new_lesion':true") "," TP(
			     "77", T1("100") ",'new_lesion':true") "," TP("112",
			     T1("60") ",'new_lesion':false")),
	"iUPD iUPD iPR"},
    {"indicated, then named and measured: the same lesion", "irecist",
	CASE(ONE("100"),
	    TP("42", T1("100") ",'new_lesion':true") "," TP(
		"77", T1("100") "," NEWS(PLAIN("x", "25"))) "," TP("112",
		T1("100") "," NEWS(PLAIN("x", "29.9"))) "," TP("147",
		T1("100") "," NEWS(PLAIN("x", "30")))),
	"iUPD iUPD iUPD iCPD"},
    {"indicated, then two are named: one more", "irecist",
	CASE(ONE("100"),
	    TP("42", T1("100") ",'new_lesion':true") "," TP("77",
		T1("100") "," NEWS(PLAIN("x", "25") "," PLAIN("y", "12")))),
	"iUPD iCPD"},
    {"named after a reset: a signal of its own", "irecist",
	CASE(ONE("100"), TP("42", T1("100") ",'new_lesion':true") "," TP(
			     "77", T1("60") ",'new_lesion':true") "," TP("112",
			     T1("60") "," NEWS(PLAIN("x", "25")))),
	"iUPD iPR iUPD"},
    {"named after \"no new lesion\": another one", "irecist",
	CASE(ONE("100"), TP("42", T1("100") ",'new_lesion':true") "," TP("77",
			     T1("100") ",'new_lesion':false") "," TP("112",
			     T1("100") "," NEWS(PLAIN("x", "25")))),
	"iUPD iUPD iCPD"},
    {"a new lesion joins: growth of the others alone counts", "irecist",
	CASE(ONE("100"),
	    TP("42", T1("100") ",'new_lesion':true," NEWS(
			 DOUBT("a", "9") "," DOUBT("b", "9"))) "," TP("77",
		T1("100") "," NEWS(PLAIN("x", "25")))),
	"iUPD iUPD"},
    {"an increase first seen on a disregarded scan", "irecist",
	CASE(ONE("100"),
	    TP("42", T1("100") "," NEWS(NLNT("x", "new"))) "," TP(
		"58", T1("100") "," NEWS(
			  NLNT("x", "unequivocal_increase"))) "," TP("77",
		T1("100") "," NEWS(NLNT(
		    "x", "unequivocal_increase"))) "," TP("112", T1("100"))),
	"iUPD iUPD iCPD iCPD"},
    {"a restated increase is none", "irecist",
	CASE(ONE("100"),
	    TP("42", T1("100") "," NEWS(NLNT("x", "new"))) "," TP(
		"77", T1("60") "," NEWS(NLNT("x", "stable"))) "," TP("112",
		T1("60") "," NEWS(
		    NLNT("x", "unequivocal_increase"))) "," TP("147",
		T1("60") "," NEWS(NLNT("x", "unequivocal_increase")))),
	"iUPD iPR iUPD iUPD"},
    {"a non-target first worse on a disregarded scan", "irecist",
	CASE("'baseline':{'day':0,'targets':[{'id':'T1','mm':50}],"
	     "'nontargets':['n1','n2']}",
	    TP("42", T1("50") ",'nt_lesions':{'n1':'unequivocal_"
			      "progression','n2':'present'}") "," TP("58",
		T1("50") ",'nt_lesions':{'n1':'present','n2':'unequivocal_"
			 "progression'}") "," TP("77",
		T1("50") ",'nt_lesions':{'n1':'present','n2':'unequivocal_"
			 "progression'}")),
	"iUPD iUPD iCPD"},
    {"a small new lesion grows: measured from 10 mm on", "irecist",
	CASE(ONE("100"),
	    TP("42", T1("100") "," NEWS(PLAIN("x", "8"))) "," TP(
		"77", T1("100") "," NEWS(PLAIN("x", "12.9"))) "," TP("112",
		T1("100") "," NEWS(PLAIN("x", "13")))),
	"iUPD iUPD iCPD"},
    {"a small new lesion outlasts a reset and grows", "irecist",
	CASE(ONE("100"),
	    TP("42", T1("100") "," NEWS(PLAIN("x", "8"))) "," TP(
		"77", T1("60") "," NEWS(PLAIN("x", "8"))) "," TP("112",
		T1("60") "," NEWS(PLAIN("x", "12.9"))) "," TP("147",
		T1("60") "," NEWS(PLAIN("x", "13")))),
	"iUPD iPR iPR iUPD"},
    {"of two, only the one that grew", "irecist",
	CASE(ONE("100"),
	    TP("42", T1("100") "," NEWS(
			 PLAIN("x", "8") "," PLAIN("y", "20"))) "," TP("77",
		T1("100") "," NEWS(
		    PLAIN("x", "11") "," PLAIN("y", "21.9"))) "," TP("112",
		T1("100") "," NEWS(PLAIN("x", "11") "," PLAIN("y", "22")))),
	"iUPD iUPD iCPD"},
    {"non-targets only", "irecist",
	CASE("'baseline':{'day':0,'nontargets':['n1']}",
	    TP("42", "'nt_lesions':{'n1':'present'}") "," TP(
		"84", "'nt_lesions':{'n1':'absent'}")),
	"NON-iCR/NON-iUPD iCR"},
    {"the block's lowest sum as reference", "irecist",
	CASE_P("'icpd_ref_target':'MIN_IN_BLOCK'", ONE("100"),
	    TP("56", T1("130")) "," TP("91", T1("124")) "," TP(
		"126", T1("131"))),
	"iUPD iUPD iCPD"},
    {"baseline missing", "irecist", "{'timepoints':[" TP("42", T1("30")) "]}",
	"NE"},
};

static const struct row burden_rows[] = {
    {"irPD must be repeated 28 days later", "irrecist",
	CASE(ONE("100"), TP("42", T1("120")) "," TP("69", T1("120")) "," TP(
			     "70", T1("120"))),
	"irPD irPD irPD"},
    {"a new lesion alone is no irPD", "irrecist",
	CASE(ONE("100"), TP("42", T1("100") "," NEWS(NLT("x", "19.9")))),
	"irSD"},
    {"a small new lesion counts once it is measurable", "irrecist",
	CASE(ONE("50"), TP("42", T1("50") "," NEWS(PLAIN("x", "9.9"))) "," TP(
			    "84", T1("50") "," NEWS(PLAIN("x", "10")))),
	"irSD irPD"},
    {"a scan too early to repeat irPD does not drop it", "irrecist",
	CASE(ONE("100"), TP("42", T1("120")) "," TP("69", T1("105")) "," TP(
			     "70", T1("120")) "," TP("77", T1("105"))),
	"irPD irSD irPD irSD"},
    {"irRECIST needs all gone for irCR", "irrecist",
	CASE(ONE("100"), TP("42", T1("0") "," NEWS(NLT("x", "12"))) "," TP(
			     "84", T1("0") "," NEWS(NLT("x", "0")))),
	"irPR irCR"},
    {"irRECIST, non-targets only", "irrecist",
	CASE("'baseline':{'day':0,'nontargets':['n1']}",
	    TP("42", "'nt_lesions':{'n1':'present'}") "," TP(
		"84", "'nt_lesions':{'n1':'absent'}")),
	"irNN irCR"},
    {"imRECIST: non-target PD is none", "imrecist",
	CASE(ONE("100"), TP("42", T1("70") "," NT("PD"))), "imPR"},
    {"imRECIST: unread new lesion", "imrecist",
	CASE(ONE("100"), TP("42", T1("90") "," NEWS(NLT("x", "12"))) "," TP(
			     "84", T1("90")) "," TP("126", T1("121"))),
	"imSD NE imPD"},
    {"irRC: no second diameter", "irrc", CASE(ONE("100"), TP("42", T1("100"))),
	"irNE"},
    {"irRC: +24.9 % and +25.0 %", "irrc",
	CASE(BASE("{'id':'T1','mm':[100,40]}"),
	    TP("42", T1("[124.9,40]")) "," TP("84", T1("[125,40]"))),
	"irSD irPD"},
    {"irRC: -50.0 %", "irrc",
	CASE(BASE("{'id':'T1','mm':[100,40]}"), TP("42", T1("[50,40]"))),
	"irPR"},
    {"irRC: nothing over nothing is no progression", "irrc",
	CASE(ONE("[100,100]"),
	    TP("42", T1("'ABSENT'") "," NEWS(NLNT("x", "stable"))) "," TP(
		"84", T1("'ABSENT'") "," NEWS(NLNT("x", "stable")))),
	"irPR irPR"},
    {"irRC: small new lesion grows measurable", "irrc",
	CASE(BASE("{'id':'T1','mm':[40,25]}"),
	    TP("42", T1("[40,25]") "," NEWS(PLAIN("x", "[9,4]"))) "," TP(
		"84", T1("[40,25]") "," NEWS(PLAIN("x", "[16,16]")))),
	"irSD irPD"},
    {"irRC: a new lesion of one diameter leaves the burden open", "irrc",
	CASE(BASE("{'id':'T1','mm':[40,25]}"),
	    TP("42", T1("[40,25]") "," NEWS(PLAIN("x", "30"))) "," TP(
		"84", T1("[40,32]") "," NEWS(PLAIN("x", "30")))),
	"irNE irPD"},
    {"irRC: below 5 mm the other diameter does not matter", "irrc",
	CASE(BASE("{'id':'T1','mm':[40,25]}"),
	    TP("42", T1("[40,25]") "," NEWS(PLAIN("x", "4.9")))),
	"irSD"},
    {"irRC: index chosen by product, node too", "irrc",
	"{'baseline':{'day':0,'lesions':["
	"{'id':'A','organ':'liver','mm':[20,10]},"
	"{'id':'B','organ':'liver','mm':[4,4]}]},'timepoints':["
	"{'day':42,'targets':{'A':[10,10],'B':[4,4]}}]}",
	"irPR"},
};

/* "SD PD": the overall categories after the baseline. */
static const char *
sequence(struct arena *a, const struct assessment *x, const char *criterion)
{
	const char *s = "";

	for (size_t i = 1; i < x->timeline->timepoints.n; i++)
		s = arena_printf(a, "%s%s%s", s, *s != '\0' ? " " : "",
		    category_name(series_verdict(x, criterion, i)->overall));
	return s;
}

static void
run_row(const struct row *r)
{
	struct arena *a = arena_new();
	const char *got = sequence(a, series_assess(r->text, a), r->criterion);

	ck_assert_msg(strcmp(got, r->want) == 0, "%s: %s, want %s", r->name,
	    got, r->want);
	arena_free(a);
}

#define RUN_TABLE(rows)                                                        \
	for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++)            \
	run_row(&(rows)[i])

START_TEST(recist)
{
	RUN_TABLE(recist_rows);
}
END_TEST

START_TEST(irecist)
{
	RUN_TABLE(irecist_rows);
}
END_TEST

START_TEST(burdens)
{
	RUN_TABLE(burden_rows);
}
END_TEST

/* Flags and problems: a row names what must be there. */
START_TEST(flags)
{
	static const struct {
		const char *text, *criterion;
		size_t visit;
		const char *flag;
		bool there;
	} rows[] = {
	    {CASE(ONE("100"), TP("42", T1("125")) "," TP("100", T1("126"))),
		"irecist", 2, "LATE_CONFIRMATION", false},
	    {CASE(ONE("100"), TP("42", T1("125")) "," TP("101", T1("126"))),
		"irecist", 2, "LATE_CONFIRMATION", true},
	    {CASE(ONE("100"), TP("42", T1("125")) "," TP("67", T1("140"))),
		"irecist", 2, "DISREGARDED_EARLY", true},
	    {CASE(ONE("100"), TP("56", T1("130")) "," TP(
				  "91", T1("124")) "," TP("126", T1("131"))),
		"irecist", 3, "ICPD_REFERENCE_CONTESTED", true},
	    {CASE(TWO("30", "20"), TP("42", T1("60"))), "recist11", 1,
		"PARTIAL_SUM_PD", true},
	    {CASE(ONE("30"), TP("42", T1("30") "," NEWS(NLN("n", "12")))),
		"recist11", 1, "NODE_BORDERLINE", true},
	    {CASE(ONE("30"), TP("42", T1("30"))), "recist11", 1,
		"NO_NEW_LESION_ASSUMED", true},
	    {CASE(ONE("30"), TP("42", T1("30") ",'new_lesion':false")),
		"recist11", 1, "NO_NEW_LESION_ASSUMED", false},
	    {CASE(ONE("30"), TP("42", T1("30") ",'said':'PR'")), "recist11", 1,
		"READER_DIFFERS", true},
	    {CASE(ONE("30"), TP("42", T1("30") ",'said':'SD'")), "recist11", 1,
		"READER_DIFFERS", false},
	    {CASE(ONE("30"), TP("42", T1("30"))), "irrc", 1, "NO_PERPENDICULAR",
		true},
	    {CASE(BASE("{'id':'T1','mm':[40,25]}"),
		 TP("42", T1("[40,25]") "," NEWS(PLAIN("x", "30")))),
		"irrc", 1, "NO_PERPENDICULAR", true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena *a = arena_new();
		const struct verdict *v =
		    series_verdict(series_assess(rows[i].text, a),
			rows[i].criterion, rows[i].visit);

		ck_assert_msg(
		    verdict_has_flag(v, rows[i].flag) == rows[i].there,
		    "row %zu: %s", i, rows[i].flag);
		arena_free(a);
	}
}
END_TEST

/* Is it confirmed at the last visit? */
START_TEST(repeated)
{
	static const struct {
		const char *tps;
		enum tristate want;
	} rows[] = {
	    {TP("42", T1("120")) "," TP("69", T1("105")) "," TP(
		 "70", T1("120")),
		YES},
	    {TP("42", T1("120")) "," TP("70", T1("105")) "," TP(
		 "100", T1("120")),
		NO},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena *a = arena_new();
		const char *text = arena_printf(
		    a, "{" ONE("100") ",'timepoints':[%s]}", rows[i].tps);
		const struct assessment *x = series_assess(text, a);

		ck_assert_int_eq(
		    series_verdict(x, "irrecist", 3)->confirmed, rows[i].want);
		ck_assert_int_eq(
		    series_verdict(x, "imrecist", 3)->confirmed, rows[i].want);
		arena_free(a);
	}
}
END_TEST

static bool
has_problem(const struct assessment *x, const char *code)
{
	for (size_t i = 0; i < x->problems.n; i++) {
		if (strcmp(x->problems.items[i].code, code) == 0)
			return true;
	}
	return false;
}

START_TEST(problems)
{
	static const struct {
		const char *text, *code;
	} rows[] = {
	    {"{'timepoints':[" TP("42", T1("30")) "]}", "baseline_missing"},
	    {CASE(ONE("9.9"), TP("42", T1("9"))), "target_not_measurable"},
	    {CASE(BASE("{'id':'T1'}"), TP("42", T1("30"))),
		"target_not_measured_at_baseline"},
	    {CASE(BASE("{'id':'a','organ':'lung','mm':20},"
		       "{'id':'b','organ':'lung','mm':20},"
		       "{'id':'c','organ':'left lung','mm':20}"),
		 TP("42", "'targets':{'a':20}")),
		"target_organ_limit"},
	    {CASE(BASE("{'id':'a','mm':20},{'id':'b','mm':20},"
		       "{'id':'c','mm':20},{'id':'d','mm':20},"
		       "{'id':'e','mm':20},{'id':'f','mm':20}"),
		 TP("42", "'targets':{'a':20}")),
		"target_too_many"},
	    {CASE(ONE("30"), TP("42", T1("30") ",'new_lesion':false," NEWS(
					  NLT("x", "12")))),
		"new_lesion_conflict"},
	    {CASE(ONE("30"),
		 TP("42", T1("30") ",'new_lesions':[{'id':'x','"
				   "kind':'NLNT','mm':12}]") "," TP("84",
		     T1("30") ",'new_lesions':[{'id':'x','"
			      "kind':'NLNT','mm':17}]")),
		"new_non_target_grew"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct arena *a = arena_new();

		ck_assert_msg(
		    has_problem(series_assess(rows[i].text, a), rows[i].code),
		    "no problem %s", rows[i].code);
		arena_free(a);
	}
}
END_TEST

static Suite *
suite_assess(void)
{
	Suite *s = suite_create("assess");
	TCase *c = tcase_create("edges");

	tcase_add_test(c, recist);
	tcase_add_test(c, irecist);
	tcase_add_test(c, burdens);
	tcase_add_test(c, flags);
	tcase_add_test(c, repeated);
	tcase_add_test(c, problems);
	suite_add_tcase(s, c);
	return s;
}

CHECK_MAIN(suite_assess())
