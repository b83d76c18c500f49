package playground

// The words people are made of. A person's row is written straight from these, so
// they must need no JSON escaping; only accented has names that do, with the
// escaped form beside the plain-letter one that e-mail addresses use.
//
// The lists, their order included, are part of what a seed means and of what a data
// directory holds: a change here needs a new storeVersion.

var firstNames = []string{
	"Ada", "Alan", "Amara", "Anita", "Arthur", "Barbara", "Boris", "Carmen", "Cecil", "Clara",
	"Conrad", "Daisy", "Dmitri", "Edith", "Elias", "Emma", "Erika", "Felix", "Fiona", "Frank",
	"Gloria", "Grace", "Hana", "Henry", "Hugo", "Ida", "Igor", "Ines", "Iris", "Ivan",
	"Jakob", "Jamal", "Joan", "Jonas", "Judith", "Karim", "Katrin", "Kenji", "Lara", "Leon",
	"Linus", "Lucia", "Magda", "Marco", "Mary", "Miguel", "Mina", "Nadia", "Niels", "Nora",
	"Olga", "Omar", "Oscar", "Paula", "Peter", "Priya", "Quentin", "Rosa", "Rupert", "Samir",
	"Selma", "Simon", "Sofia", "Stella", "Tariq", "Thea", "Thomas", "Ursula", "Vera", "Victor",
	"Walter", "Wanda", "Xenia", "Yara", "Yusuf", "Zelda",
}

var lastNames = []string{
	"Abbott", "Adler", "Bauer", "Becker", "Bell", "Blum", "Brandt", "Brook", "Carver", "Castro",
	"Chandra", "Cole", "Costa", "Dahl", "Dalton", "Decker", "Diaz", "Dunn", "Eaton", "Ellis",
	"Engel", "Farrow", "Ferreira", "Fischer", "Ford", "Fox", "Garcia", "Gates", "Graham", "Haas",
	"Hale", "Hansen", "Hardy", "Hoffmann", "Holt", "Ibrahim", "Jansen", "Jones", "Kaplan", "Keller",
	"Khan", "Kim", "Klein", "Kovacs", "Lambert", "Lang", "Larsen", "Lopez", "Lund", "Marsh",
	"Mayer", "Mendez", "Moreau", "Moss", "Nakamura", "Nolan", "Novak", "O'Brien", "Okafor", "Olsen",
	"Osman", "Park", "Perez", "Petrov", "Quinn", "Rao", "Reed", "Ricci", "Rossi", "Santos",
	"Sato", "Schmidt", "Silva", "Stone", "Tanaka", "Torres", "Vance", "Vogel", "Wagner", "Walsh",
	"Weber", "West", "Wong", "Yamada", "Young", "Zimmer",
}

// accented stands in for the first name of one person in 32, so that every reader of
// the API meets \u escapes.
var accented = []struct{ escaped, plain string }{
	{`Zo\u00eb`, "Zoe"}, {`Jos\u00e9`, "Jose"}, {`\u0141ukasz`, "Lukasz"}, {`S\u00f8ren`, "Soren"},
	{`Fran\u00e7ois`, "Francois"}, {`\u017deljko`, "Zeljko"}, {`J\u00fcrgen`, "Juergen"}, {`N\u00faria`, "Nuria"},
}

var streetWords = []string{
	"Alder", "Beacon", "Birch", "Canal", "Cedar", "Chapel", "Copper", "Elm", "Falcon", "Garden",
	"Granite", "Harbor", "Hazel", "Hill", "Juniper", "Lake", "Lantern", "Linden", "Maple", "Meadow",
	"Mill", "Orchard", "Pine", "Quarry", "River", "Sparrow", "Station", "Tower", "Walnut", "Willow",
}

var streetKinds = []string{"Street", "Road", "Lane", "Avenue", "Court", "Drive", "Way", "Terrace"}

var townStarts = []string{
	"Ash", "Black", "Bright", "Clear", "East", "Fair", "Glen", "Green", "High", "Kings",
	"Long", "Mill", "New", "North", "Oak", "Red", "Sand", "Silver", "South", "Stone",
	"Sun", "Thorn", "West", "White", "Winter", "Wood",
}

var townEnds = []string{
	"bridge", "brook", "bury", "dale", "field", "ford", "gate", "ham", "haven", "mouth", "port", "side", "stead", "ton", "view", "ville",
}

var regions = []string{
	"AK", "AZ", "CA", "CO", "FL", "GA", "IA", "ID", "IL", "KS", "MA", "ME", "MN", "MT", "NC", "NH",
	"NM", "NV", "NY", "OH", "OR", "PA", "SC", "TN", "TX", "UT", "VA", "VT", "WA", "WI", "WV", "WY",
}

var companyKinds = []string{" Ltd", " Inc", " Group", " and Sons", " LLC", " PLC", " Works", " Partners"}

var jobs = []string{
	"Accountant", "Actuary", "Archivist", "Baker", "Barrister", "Bookbinder", "Botanist", "Bricklayer", "Cartographer", "Chemist",
	"Civil engineer", "Copywriter", "Curator", "Data analyst", "Dentist", "Dietitian", "Economist", "Editor, film", "Electrician", "Engineer, mining",
	"Farm manager", "Forester", "Gardener", "Geologist", "Glazier", "Historian", "Hydrologist", "Illustrator", "Interpreter", "Joiner",
	"Journalist", "Judge", "Librarian", "Locksmith", "Luthier", "Mathematician", "Meteorologist", "Midwife", "Musician", "Nurse, children's",
	"Oceanographer", "Optician", "Paramedic", "Pharmacist", "Photographer", "Physicist", "Pilot, airline", "Plumber", "Potter", "Product designer",
	"Psychologist", "Restaurant manager", "Roofer", "Seismologist", "Software engineer", "Statistician", "Surveyor, land", "Teacher, primary/secondary", "Toolmaker", "Translator",
	"Veterinary surgeon", "Watchmaker", "Web designer", "Zoologist",
}
