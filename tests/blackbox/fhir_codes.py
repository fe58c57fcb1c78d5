# SPDX-License-Identifier: Apache-2.0
"""The few codes the black-box cases use, by system."""
LOINC = 'http://loinc.org'
SCT = 'http://snomed.info/sct'
NCIT = 'http://ncicb.nci.nih.gov/xml/owl/EVS/Thesaurus.owl'
DCM = 'http://dicom.nema.org/resources/ontology/DCM'
UMLS = 'http://terminology.hl7.org/CodeSystem/umls'
UCUM = 'http://unitsofmeasure.org'
RXNORM = 'http://www.nlm.nih.gov/research/umls/rxnorm'
ATC = 'http://www.whocc.no/atc'

SITES = {
    'left_lung': (SCT, '44029006'), 'right_lung': (SCT, '3341006'),
    'liver': (SCT, '10200004'), 'brain': (SCT, '12738006'),
    'kidney': (SCT, '64033007'), 'adrenal': (SCT, '23451007'),
    'bone': (SCT, '272673000'), 'pancreas': (SCT, '15776009'),
    'pleura': (SCT, '3120008'), 'node': (SCT, '62683002'),
    'spleen': (SCT, '78961009'), 'muscle': (SCT, '91727004'),
}

# Where each lesion of the examples sits; never two in one place.
PLACES = {'T1': 'left_lung', 'T2': 'kidney', 'T3': 'bone', 'T4': 'muscle', 'I1': 'right_lung', 'I2': 'spleen',
       'NL1': 'liver', 'nl1': 'liver', 'A': 'liver', 'B': 'bone',
       'LIV1': 'liver', 'LIV2': 'adrenal', 'BRAIN1': 'brain',
       'n1': 'pancreas'}


def concept(system, code):
    return {'coding': [{'system': system, 'code': code}]}
