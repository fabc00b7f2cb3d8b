"""Words that mean people in one text and something else in a near one: each text that counts has a near one that does not."""

import pytest

from models.classification import ClassifierInput, classify

COUNTED = {
    "migration_governance direct": [
        "Labour migration data systems",
        "Migration data",
        "Strengthening migration data and statistics",
        "Migration systems and policies",
        "International migration data and analysis",
        "Migration Data Portal for Africa",
        "Migration data collection in the Western Balkans",
        "A digital platform for migration data",
        "Migration data on the cloud for visas",
        "International migration to New Zealand",
        "Border management of persons",
        "Border control for travellers",
        "Immigration service reform",
        "Modernization of the immigration service",
        "Strengthen the Department of Immigration",
        "Modernising the immigration service and border control",
        "Strengthening the Directorate of Citizenship and Immigration Control",
        "Shorter queues by modernising the immigration service",
        "Better permits through reform of the Immigration Service",
        "Support to the National Migration Agency",
        "Assistance to people along migratory routes",
        "Support to migrants on the central migratory routes",
        "Data on the migratory routes of people",
        "Patrols on irregular migration routes",
        "Aide aux personnes vulnérables sur les routes migratoires",
        "Asistencia a personas en las rutas migratorias",
    ],
    "internal_displacement direct": [
        "Cash transfers to IDPs",
        "Support to IDPs in Iraq",
        "Schools for IDPs",
        "Health care for IDPs",
        "Resettlement of IDPs to their villages",
        "To support the resettlement of IDPs.",
        "Water for IDPs of Donetsk",
        "Infrastructure development for IDPs",
        "Agricultural development project for IDPs",
        "Institutional development of agencies that serve IDPs",
        "Aide aux PDI et retournés",
        "To help residents of neighborhoods severely affected by the Earthquakereturn to their communities",
        "To assist the war affected population to return to their homes",
        "People whose homes were destroyed by the earthquake are helped to return to their villages",
        "Repair of houses so that flood victims can go back to their villages",
        "Return of families affected by the cyclone",
        "Help drought-affected households return to their villages of origin",
        "Roads and water, so that families return to their homes after the civil war",
        "Retour des sinistrés dans leurs foyers",
        "Aider les populations touchées par la guerre à retourner dans leurs villages",
        "Apoyar a los damnificados para volver a sus hogares",
        "Water for the zone to which the city has relocated families whose housing was destroyed in the flood plain",
        "Support the relocation and rehabilitation of communities living on the coast affected by the tsunami",
        "Resettlement of earthquake victims",
        "Relogement des familles sinistrées",
        "Reubicación de los damnificados",
    ],
    "internal_displacement partial": [
        "Upgrading of roads, including relocation sites in safe zones for displaced communities",
    ],
    "host_communities direct": ["Cash for hosting families in towns hit by the war"],
    "mobility_skills direct": [
        "Rural migrants working in the Gulf: skills certification",
        "Skills certification of rural migrants for jobs in Saudi Arabia",
        "Training rural migrant workers for jobs abroad",
        "Training of potential emigrants, guided by the Youth Policy Note",
        "Training of graduates for jobs in the European Union",
        "Training of nurses for jobs in France",
        "Skills for the labour markets of the EU",
        "Training for international labour market demand",
        "Skills training for migrant workers before departure",
        "Before their departure, migrant workers get training",
        "Formation des travailleurs migrants avant leur départ",
    ],
    "mobility_skills partial": ["Training for jobs at home-and-abroad"],
    "worker_mobility direct": [
        "Placement of nurses in jobs in Germany",
        "Recruiting youth for work in the European Union",
        "Recruitment of nurses for hospitals in the UK",
        "Labor mobility agreement with the European Union",
        "Labour mobility agreements with neighbouring countries",
        "Labour migration partnership between Ghana and Germany",
        "Jobs in Germany for nurses",
        "Employment in Italy",
        "Career opportunities in the European Union, for graduates",
        "Jobs in Germany's hospitals",
    ],
    "remittances direct": ["Envois-de-fonds des migrants"],
    "worker_welfare direct": [
        "Protection of rural migrant workers in Qatar",
        "Insurance of rural migrants in the Gulf",
        "Portability of pensions of migrant workers",
        "Social security portability agreement with Italy",
        "Social security agreements with Germany",
        "Pension portability across borders",
    ],
    "refugee_general partial": [
        "The DPO aims to (i) strengthen resilience of refugees and households, (ii) foster growth, "
        "and (iii) support climate resilience.",
    ],
    "migrant_integration partial": [
        "HIV services, with particular attention to migrants and populations living in the border areas. "
        "It builds on assessments of the migratory phenomenon."
    ],
    "refugee_education direct": [
        "It takes guidance from the policy note, which pays special attention to refugees. Schools for refugees are built.",
    ],
    "refugee_education partial": [
        "It takes guidance from a policy note which pays attention to youth, and the project builds schools for refugees.",
    ],
}

NOT_COUNTED = [
    "Data migration for the tax platform",
    "Migration of data and records to the new system",
    "Migration to the new platform",
    "Migrating data to servers",
    "Core banking: migration data and systems",
    "Core banking migration",
    "ERP migration systems and data",
    "Migration software and servers for the ledger",
    "Migration data cleansing for a legacy platform",
    "Payroll: migration data, tests and system migration",
    "Individual development plans (IDPs) for civil servants",
    "Industrial Development Programs (IDPs)",
    "Agricultural development projects (IDPs)",
    "Municipalities prepare IDPs and budgets",
    "Support to the IDPs of municipalities",
    "Staff appraisal and IDPs of teachers",
    "IDP III",
    "Border management of goods",
    "Border control for trucks",
    "Modern approaches to border management",
    "Roads implemented by the Immigration Service",
    "A register built by the Ministry of Interior and the Department of Immigration",
    "Malaria control with the Immigration and Citizenship Service",
    "The Immigration Service will implement the malaria project",
    "Clinics run by the Department of Immigration",
    "A new building for the Migration Department",
    "Rural roads. Executing agency: Department of Immigration",
    "Payroll of the Ministry of Labour, Emigration and Social Affairs",
    "Skills certification of rural migrants working in cities",
    "Skills of rural migrant woman workers",
    "Rural migrant workers of the Gulf of Tonkin",
    "Internal migrants and firms that export to the Gulf",
    "Health insurance for rural migrant workers; sales abroad",
    "It takes guidance from the Youth Policy Note which pays special attention to training of potential emigrants.",
    "It takes guidance from the policy paper, which draws attention to refugees and migrants.",
    "Corridors that keep migratory routes of elephants open",
    "The migratory phenomenon of salmon",
    "Migratory routes of cranes",
    "Clinics for people along the migratory routes of cranes",
    "People and birds along migratory routes",
    "Routes migratoires des oiseaux",
    "Rutas migratorias de aves",
    "Roads in border areas for traders",
    "Le PDI de la commune : routes",
    "A clinic for each worker in a village",
    "Markets in other countries",
    "Labour mobility between regions and pension schemes",
    "Labour mobility agreement with trade unions",
    "Houses damaged by the earthquake are repaired",
    "Return of flood-damaged fields to production",
    "Flood warnings help fishermen return home in time",
    "Survivors of gender-based violence return to their communities",
    "Girls hit by the war return to their schools",
    "Prisoners return to their communities after the conflict",
    "Former soldiers return to their villages after the war",
    "The project does not finance the return of families affected by the war.",
    "Planned relocation of villages from the volcano to safe zones",
    "Resettlement of people who live in areas at risk of floods",
    "Relocation of families whose houses were destroyed for the reservoir",
    "Resettlement of people affected by the floods of a dam",
    "Relocation of firms affected by the flood",
    "Relocation of power lines damaged by the cyclone",
    "Host families for students in exchange programmes",
    "Hosting households of tourists in war museums",
    "Training of nurses for jobs in Poland",
    "Temporary employment schemes in Latvia",
    "Skills for jobs in Europe and Central Asia",
    "Training of youth for jobs in EU-funded projects",
    "Placement of graduates for work in European Union companies of Kenya",
    "Work in France Telecom",
    "Jobs in France Telecom",
    "Jobs in the EU Delegation",
    "Training of the staff of the EU Delegation",
    "Training of staff for work in the EU Delegation",
    "Careers in Qatar Airways",
    "Unemployment in Germany",
    "Jobs in Europe and Central Asia",
    "Seasonal work schemes for each woman",
    "Training in international labour standards",
    "Training for international demand",
    "Training of workers before their departure from the mine",
    "Training of drivers before departure",
    "Faculty will receive training before leaving the country for doctoral study abroad",
    "Overseas fellowships: training of fellows before departure",
    "English training of officials prior to departure for study tours abroad",
    "Support the return of services to conflict-affected communities",
    "Return of electricity to earthquake-affected households",
    "Return of peace to war-affected people",
    "Return of schooling for flood-affected children",
    "Return of confidence among conflict-affected families",
    "Return of assets to survivors of war crimes",
    "Schools destroyed by war so that children return to their communities",
    "Placement of bonds in Europe",
    "Recruitment of consultants for work in the ministry",
    "Pension portability between provinces",
    "Portability of pensions of public workers between schemes",
    "Portable social security data for urban workers",
    "Jobs for vulnerable groups (youth, migrants)",
]


@pytest.mark.parametrize("field", ["name", "objective"])
@pytest.mark.parametrize(("verdict", "text"), [(verdict, text) for verdict in COUNTED for text in COUNTED[verdict]])
def test_people_are_counted(verdict, text, field):
    found = classify(ClassifierInput(**{field: text}))
    assert f"{found.category} {found.relevance}" == verdict, found.evidence


@pytest.mark.parametrize("field", ["name", "objective"])
@pytest.mark.parametrize("text", NOT_COUNTED)
def test_what_only_reads_like_them_is_not(text, field):
    found = classify(ClassifierInput(**{field: text}))
    assert (found.category, found.relevance) == ("not_migration", "none"), found.evidence


@pytest.mark.parametrize("routes", ["Migratory routes of livestock", "Migratory routes"])
def test_routes_are_those_of_animals_where_an_animal_is_named(routes):
    fired = {evidence.rule for evidence in classify(ClassifierInput(objective=f"Refugees. {routes}.")).evidence}
    assert ("trap.wildlife_routes" in fired) == ("livestock" in routes)


@pytest.mark.parametrize(
    ("objective", "relevance"),
    [
        ("To rebuild roads. In addition, the project builds houses for refugees.", "partial"),
        ("To rebuild roads. Finally, schools for refugees are built, and teachers of refugees trained.", "partial"),
        ("Reconstruire les routes. En outre, le projet aide les réfugiés.", "partial"),
        ("To rebuild houses for refugees. In addition, refugees get cash.", "direct"),
        ("To rebuild houses. The project works, in addition, for refugees.", "direct"),
    ],
)
def test_what_a_sentence_only_adds_is_one_aim_of_several(objective, relevance):
    assert classify(ClassifierInput(objective=objective)).relevance == relevance
