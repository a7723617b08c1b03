//! Properties of items and users: what comes out of a file is what stands in it, with the evidence for its type.

use std::fmt::Write as _;

use foretaste_data::catalogue::{
    Catalogue, ColumnBuilder, Declared, Item, ItemsOptions, ItemsReport, MAX_PROPERTIES, MAX_SET_VALUES,
    MAX_STRING_BYTES, MAX_TEXT_BYTES, Origin, Properties, PropertyType, Sections, Value, read_items, read_users,
};
use foretaste_data::ids::{IdTable, ItemIx};
use foretaste_data::interactions::{ReadError, Reason};
use foretaste_data::table::Source;

fn ids(ids: &[&str]) -> IdTable {
    IdTable::from_sorted(ids.iter().copied()).unwrap()
}

fn declared(properties: &[&str]) -> ItemsOptions {
    let properties = properties.iter().map(|text| text.parse::<Declared>().unwrap()).collect();
    ItemsOptions { properties, ..ItemsOptions::default() }
}

fn read(text: &str, rated: &[&str], options: &ItemsOptions) -> (Catalogue, ItemsReport) {
    read_items(Source::bytes(text.to_owned()), &ids(rated), options).unwrap()
}

/// Name, type of every property, in order.
fn types(report: &ItemsReport) -> Vec<(&str, PropertyType)> {
    report.properties.iter().map(|property| (property.name.as_str(), property.kind)).collect()
}

fn value<'a>(catalogue: &'a Catalogue, name: &str, row: usize) -> Option<Value<'a>> {
    catalogue.properties().get(name)?.column().get(row)
}

/// Numbers that look random and are always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    /// Text with everything that a CSV file must quote, never with spaces or control characters at its ends.
    fn text(&mut self, letters: u64) -> String {
        const PARTS: [&str; 11] = ["a", "\"", ",", "é", "日", ";", " x", "'", "-", "0", "::"];
        let mut text = String::from("t");
        (0..letters).for_each(|_| text.push_str(PARTS[self.below(11) as usize]));
        text
    }

    fn value(&mut self, kind: PropertyType, row: u64) -> Option<Owned> {
        if self.below(4) == 0 {
            return None;
        }
        Some(match kind {
            PropertyType::String => Owned::Text(format!("brand {}, {}", self.below(40), "é\"")),
            PropertyType::Text => Owned::Text(format!("{row} {}", self.text(20))),
            PropertyType::Number => {
                let digits = self.below(1 << 31) as f64 - (1u64 << 30) as f64;
                Owned::Number(digits * [1.0, 0.01, 1e-9, 1e250][self.below(4) as usize])
            }
            PropertyType::Bool => Owned::Bool(self.below(2) == 1),
            PropertyType::Time => Owned::Time(self.below(1 << 31) as i64 * 1_999 - 2_000_000_000_000),
            PropertyType::Set => {
                let count = self.below(5);
                Owned::Set((0..count).map(|at| format!("v{}", 10 * at + self.below(10))).collect())
            }
        })
    }
}

/// A value that owns its text.
#[derive(Clone, Debug, PartialEq)]
enum Owned {
    Text(String),
    Number(f64),
    Bool(bool),
    Time(i64),
    Set(Vec<String>),
}

impl Owned {
    fn value(&self, kind: PropertyType) -> Value<'_> {
        match self {
            Self::Text(text) if kind == PropertyType::String => Value::String(text),
            Self::Text(text) => Value::Text(text),
            Self::Number(number) => Value::Number(*number),
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Time(millis) => Value::Time(*millis),
            Self::Set(values) => Value::Set(values.iter().map(String::as_str).collect()),
        }
    }
}

const NAMES: [(&str, PropertyType); 6] = [
    ("brand", PropertyType::String),
    ("about", PropertyType::Text),
    ("price", PropertyType::Number),
    ("adult", PropertyType::Bool),
    ("added_at", PropertyType::Time),
    ("tags", PropertyType::Set),
];

fn random_items(items: u64) -> Vec<Vec<Option<Owned>>> {
    let mut random = Random(7);
    (0..items).map(|row| NAMES.map(|(_, kind)| random.value(kind, row)).to_vec()).collect()
}

fn catalogue_of(rows: &[Vec<Option<Owned>>], rated: usize) -> Catalogue {
    let names: Vec<String> = (rated..rows.len()).map(|at| at.to_string()).collect();
    let unrated = IdTable::from_sorted(names.iter().map(String::as_str)).unwrap();
    let mut properties = Properties::none(rows.len());
    for (at, (name, kind)) in NAMES.into_iter().enumerate() {
        let origin = Origin { column: (at % 2 == 0).then(|| name.to_owned()), evidence: "drawn".to_owned() };
        let values = rows.iter().map(|row| row[at].as_ref().map(|owned| owned.value(kind)));
        properties.add_values(name, origin, kind, values).unwrap();
    }
    Catalogue::new(rated, unrated, properties).unwrap()
}

fn borrowed(sections: &Sections<Vec<u8>>) -> Sections<&[u8]> {
    Sections { schema: &sections.schema, ids: &sections.ids, values: &sections.values }
}

#[test]
fn ten_thousand_random_items_come_back_from_the_sections_of_a_file() {
    for (items, rated) in [(0, 0), (1, 1), (64, 0), (10_000, 7_000)] {
        let catalogue = catalogue_of(&random_items(items), rated);
        let sections = catalogue.to_sections();
        let again = Catalogue::from_sections(rated, &borrowed(&sections)).unwrap();
        assert_eq!(again, catalogue);
        assert_eq!(again.to_sections(), sections);
    }
}

#[test]
fn ten_thousand_random_items_come_back_from_a_csv_file_in_any_order_of_rows() {
    let rows = random_items(10_000);
    let expected = catalogue_of(&rows, 10_000);
    let mut order: Vec<usize> = (0..rows.len()).collect();
    let mut random = Random(11);
    (1..order.len()).for_each(|at| order.swap(at, random.below(at as u64 + 1) as usize));
    let mut text = String::from("item_id");
    NAMES.iter().for_each(|(name, _)| text.extend([",", name]));
    text.push('\n');
    for at in order {
        write!(text, "{at}").unwrap();
        for (cell, (_, kind)) in rows[at].iter().zip(NAMES) {
            let cell = cell.as_ref().map(|owned| owned.value(kind).to_string()).unwrap_or_default();
            write!(text, ",\"{}\"", cell.replace('"', "\"\"")).unwrap();
        }
        text.push('\n');
    }
    let names: Vec<String> = (0..rows.len()).map(|at| at.to_string()).collect();
    let table = IdTable::from_sorted(names.iter().map(String::as_str)).unwrap();
    let (catalogue, report) = read_items(Source::bytes(text), &table, &ItemsOptions::default()).unwrap();
    assert_eq!((report.rows, report.accepted, report.untitled), (10_000, 10_000, 0));
    for (name, kind) in NAMES {
        let (found, expected) = (catalogue.properties().get(name).unwrap(), expected.properties().get(name).unwrap());
        assert_eq!(found.column().kind(), kind, "{name}: {}", found.origin().evidence);
        for row in 0..rows.len() {
            assert_eq!(found.column().get(row), expected.column().get(row), "{name} of {row}");
        }
    }
}

#[test]
fn every_property_says_what_its_type_was_seen_from() {
    let text = "sku;name;price;in_stock;added_at;colours;brand;zip;year\n\
                1;Mug;9.5;true;2024-05-01T12:00:00Z;red|blue;Acme;01067;2020\n\
                2;Cup;12;false;;;Acme;99423;2021\n3;Jug;;;2024-05-02;blue;Acme;10115;\n";
    let (catalogue, report) = read(text, &["1", "2", "3"], &ItemsOptions::default());
    let rows: Vec<_> = report.properties.iter().map(|of| (of.name.as_str(), of.kind.name(), of.known)).collect();
    assert_eq!(
        rows,
        [
            ("title", "text", 3),
            ("year", "number", 2),
            ("price", "number", 2),
            ("in_stock", "bool", 2),
            ("added_at", "time", 2),
            ("colours", "set", 2),
            ("brand", "string", 3),
            ("zip", "string", 3)
        ]
    );
    let of = |name: &str| report.properties.iter().find(|of| of.name == name).unwrap();
    assert_eq!(of("title").column.as_deref(), Some("name"));
    assert_eq!(of("price").evidence, "every value is a number");
    assert_eq!(of("price").example.as_deref(), Some("9.5"));
    assert_eq!(of("zip").evidence, "every value is a number, but the name ends in `zip`");
    assert_eq!(of("added_at").example.as_deref(), Some("2024-05-01T12:00:00Z"));
    assert_eq!((of("colours").distinct, of("brand").distinct), (Some(2), Some(1)));
    assert_eq!(value(&catalogue, "colours", 1), Some(Value::Set(vec![])), "a missing set is the empty set");
    assert_eq!(report.genres_line(), format!("no genre column among {:?}", report.header.as_ref().unwrap()));
}

#[test]
fn a_column_of_years_that_holds_none_is_kept_as_it_is_or_named() {
    let of = |years: [&str; 3]| {
        let text = format!("id,name,Year\n1,A,{}\n2,B,{}\n3,C,{}\n", years[0], years[1], years[2]);
        read(&text, &["1", "2", "3"], &ItemsOptions::default())
    };
    let (words, report) = of(["MCMXC", "MM", "MM"]);
    assert_eq!(types(&report), [("title", PropertyType::Text), ("year", PropertyType::Text)]);
    assert_eq!((words.year_property(), value(&words, "year", 0)), (None, Some(Value::Text("MCMXC"))));
    let (none, report) = of(["0", "0", "0"]);
    assert!(none.properties().get("year").is_none());
    let ignored: Vec<_> = report.ignored.iter().map(|of| (of.column, of.name.as_str(), of.reason.as_str())).collect();
    assert_eq!(ignored, [(3, "Year", "every year is 0")]);
    let (some, report) = of(["0", "1990", ""]);
    assert_eq!((some.year(ItemIx(0)), some.year(ItemIx(1)), report.ignored.len()), (None, Some(1990), 0));
}

#[test]
fn a_declared_type_rejects_the_cells_that_do_not_fit_and_names_them() {
    let text = "id,name,price\n1,A,5\n2,B,cheap\n3,C,\n4,D,inf\n5,E,7\n";
    let (catalogue, report) = read(text, &["1", "2", "3"], &declared(&["price:number"]));
    assert_eq!((report.rows, report.accepted, report.rejected.total), (5, 3, 2));
    assert_eq!(report.rejected.by_reason, [(Reason::WrongType, 2)].into());
    let cells: Vec<_> = report.wrong_cells.iter().map(|cell| (cell.line, &*cell.property, &*cell.found)).collect();
    assert_eq!(cells, [(3, "price", "cheap"), (5, "price", "inf")]);
    assert_eq!(value(&catalogue, "price", 0), Some(Value::Number(5.0)));
    assert_eq!((value(&catalogue, "price", 1), value(&catalogue, "price", 2)), (None, None));
    assert_eq!((report.unrated, report.untitled), (1, 1));

    // Without the declaration the column is what all of its cells are.
    let (_, report) = read(text, &["1"], &ItemsOptions::default());
    assert_eq!(types(&report), [("title", PropertyType::Text), ("price", PropertyType::Text)]);
    let (_, report) = read(text, &["1"], &declared(&["name:string", "PRICE:string"]));
    assert_eq!(types(&report), [("title", PropertyType::String), ("price", PropertyType::String)]);
    let error = read_items(Source::bytes(text), &ids(&["1"]), &declared(&["colour:set"])).unwrap_err();
    assert!(matches!(&error, ReadError::MissingProperty { property, .. } if property == "colour"), "{error}");
    assert!(error.to_string().contains("(--property), found are [\"title\", \"price\"]"), "{error}");
}

#[test]
fn items_that_nobody_rated_stay_in_the_catalogue_behind_the_rated_ones() {
    let text = "movieId,title,genres\n30,C,X\n7,A (1990),Y|X\n20,B,\n100,D,Z\n7,again,\n30,again,\n";
    let (catalogue, report) = read(text, &["7", "20", "21"], &ItemsOptions::default());
    assert_eq!((report.rows, report.accepted, report.unrated, report.untitled), (6, 4, 2, 1));
    assert_eq!(report.rejected.by_reason, [(Reason::RepeatedItem, 2)].into());
    assert_eq!((catalogue.len(), catalogue.rated()), (5, 3));
    assert_eq!(catalogue.unrated().iter().collect::<Vec<_>>(), ["30", "100"]);
    assert_eq!(catalogue.item(ItemIx(0)), Item { title: Some("A (1990)"), genres: vec!["Y", "X"], year: Some(1990) });
    assert_eq!(catalogue.title(ItemIx(2)), None);
    let row = catalogue.unrated_row("100").unwrap();
    assert_eq!((catalogue.title_of(row), catalogue.card(row).genres), (Some("D"), vec!["Z"]));
}

#[test]
fn genres_with_commas_are_a_set() {
    let text =
        "anime_id,name,genre\n10,Alpha,\"Drama, Romance\"\n11,Beta,\"Action, Comedy\"\n12,Gamma,\"Comedy, Drama\"\n";
    let (catalogue, report) = read(text, &["10", "11", "12"], &ItemsOptions::default());
    assert_eq!(catalogue.item(ItemIx(2)).genres, ["Comedy", "Drama"]);
    assert_eq!(report.genres_line(), "genres from column `genre`: 4 values");
    assert!(report.properties[1].evidence.starts_with("commas stand in 3 of 3 values"), "{:?}", report.properties[1]);
}

#[test]
fn a_category_keeps_its_name_and_the_genre_filter_falls_on_it() {
    let text = "product,title,category\n1,A,Electronics/Audio\n2,B,Kitchen\n3,C,\n";
    let (catalogue, report) = read(text, &["1", "2", "3"], &ItemsOptions::default());
    assert_eq!(types(&report), [("title", PropertyType::Text), ("category", PropertyType::String)]);
    assert_eq!(report.genres_line(), "genres from column `category`: 2 values");
    assert_eq!(catalogue.item(ItemIx(0)).genres, ["Electronics/Audio"]);
    assert_eq!(catalogue.others(0).collect::<Vec<_>>(), [("category", Value::String("Electronics/Audio"))]);
    assert_eq!(catalogue.others(2).count(), 0);
}

#[test]
fn a_year_is_that_of_its_column_or_of_the_title_or_of_a_date() {
    for (header, row, year) in [
        ("id,title,year", "1,A (1990),2001", Some(2001)),
        ("id,title,year", "1,A (1990),", Some(1990)),
        ("id,title,Year", "1,A,0", None),
        ("id,title,Year", "1,A,c. 1987", Some(1987)),
        ("id,title,release_date", "1,A (1990),01-Jan-1995", Some(1990)),
        ("id,title,release_date", "1,A,01-Jan-1995", Some(1995)),
        ("id,title,price", "1,A,1995", None),
    ] {
        let text = format!("{header}\n{row}\n");
        let (catalogue, report) = read(&text, &["1"], &ItemsOptions::default());
        assert_eq!(catalogue.year(ItemIx(0)), year, "{header} {row} {report:?}");
    }
    let (catalogue, _) = read("id,title,year\n1,A (1990),x\n", &["1"], &declared(&["year:string"]));
    assert_eq!((catalogue.year(ItemIx(0)), value(&catalogue, "year", 0)), (None, Some(Value::String("x"))));
}

#[test]
fn a_title_without_a_usual_name_is_a_column_of_text_and_never_one_of_numbers() {
    let (catalogue, report) = read("movieId;Titel;Preis\n1;Das Boot;5\n", &["1"], &ItemsOptions::default());
    assert_eq!(catalogue.title(ItemIx(0)), Some("Das Boot"));
    assert_eq!(report.properties[0].evidence, "no column has a usual name for titles, this one holds text");
    assert_eq!(value(&catalogue, "Titel", 0), Some(Value::Text("Das Boot")));
    let (catalogue, _) = read("sku,price\n1,5\n", &["1"], &ItemsOptions::default());
    assert_eq!((catalogue.title(ItemIx(0)), value(&catalogue, "price", 0)), (None, Some(Value::Number(5.0))));
}

#[test]
fn typed_headers_state_the_types_of_their_columns() {
    let text =
        "item_id:token\tmovie_title:token_seq\trelease_year:float\tclass:token_seq\n1\tToy Story\t1995\tComedy Kids\n";
    let (catalogue, report) = read(text, &["1"], &ItemsOptions::default());
    assert_eq!((catalogue.title(ItemIx(0)), catalogue.year(ItemIx(0))), (Some("Toy Story"), Some(1995)));
    assert_eq!(value(&catalogue, "class", 0), Some(Value::Set(vec!["Comedy", "Kids"])));
    assert_eq!(report.properties.last().unwrap().evidence, "the header says so");
}

#[test]
fn columns_that_are_no_property_are_named_with_the_reason() {
    let (_, report) = read("movieId,title,,id,x,x,none\n1,A,b,c,d,e,\n", &["1"], &ItemsOptions::default());
    let reasons: Vec<_> = report.ignored.iter().map(|of| (of.column, of.reason.as_str())).collect();
    let own = "`id` is the name of the column `movieId`";
    let expected = [(3, "it has no name"), (4, own), (6, "an earlier column has its name"), (7, "no row has a value")];
    assert_eq!(reasons, expected);
    let wide: Vec<String> = (0..200).map(|at| format!("c{at}")).collect();
    let text = format!("movieId,title,{}\n1,A,{}\n", wide.join(","), vec!["5"; 200].join(","));
    let (catalogue, report) = read(&text, &["1"], &ItemsOptions::default());
    assert!(catalogue.properties().list().len() <= MAX_PROPERTIES);
    assert_eq!(catalogue.properties().list().len() + report.ignored.len(), 201);
    assert_eq!(report.ignored[0].reason, "there are more than 128 properties");
}

#[test]
fn limits_are_kept_in_files_and_by_the_builder() {
    let (long, text) = ("x".repeat(MAX_STRING_BYTES + 1), "y".repeat(MAX_TEXT_BYTES + 1));
    let many: String = (0..=MAX_SET_VALUES).map(|at| format!("{at}|")).collect();
    let file = format!("id,name,brand,about,tags\n1,A,{long},b,c\n2,B,b,{text},c\n3,C,c,c,{many}\n4,D,d,d,d\n");
    let (_, report) = read(&file, &["4"], &declared(&["brand:string", "about:text", "tags:set"]));
    assert_eq!(report.rejected.by_reason, [(Reason::WrongType, 2), (Reason::TextTooLong, 1)].into());
    let lines: Vec<_> = report.wrong_cells.iter().map(|cell| (cell.line, cell.property.as_str())).collect();
    assert_eq!(lines, [(2, "brand"), (3, "about"), (4, "tags")]);

    let refused = |kind, value: Value<'_>| ColumnBuilder::new(kind).push(Some(&value)).unwrap_err().to_string();
    assert_eq!(refused(PropertyType::String, Value::String(&long)), "a string takes 513 bytes, allowed are 512");
    assert_eq!(refused(PropertyType::Text, Value::Text(&text)), "a text takes 32769 bytes, allowed are 32768");
    assert_eq!(refused(PropertyType::Set, Value::Set(vec!["a"; 257])), "a set has 257 values, allowed are 256");
    assert_eq!(refused(PropertyType::Number, Value::Number(f64::NAN)), "NaN is out of range for a number");
    assert_eq!(refused(PropertyType::Bool, Value::Number(1.0)), "a value is a number, expected a bool");
    let at = i64::MAX.to_string();
    assert_eq!(refused(PropertyType::Time, Value::Time(i64::MAX)), format!("{at} is out of range for a time"));
}

#[test]
fn users_have_properties_too() {
    for (text, age) in
        [("1|24|M|technician|85711\n9|30|F|other|00000\n", 24.0), ("1::F::1::10::48067\n9::M::56::16::70072\n", 1.0)]
    {
        let (users, report) = read_users(Source::bytes(text), &ids(&["1", "2"]), &ItemsOptions::default()).unwrap();
        assert_eq!((users.len(), users.rated(), report.unrated, report.untitled), (3, 2, 1, 1));
        assert_eq!(value(&users, "age", 0), Some(Value::Number(age)));
        assert_eq!(users.properties().get("zip_code").unwrap().column().kind(), PropertyType::String);
        assert_eq!(users.of_user(foretaste_data::ids::UserIx(1)).count(), 0);
    }
    let text = "user_id,country,title\nb,DE,Dr.\na,FR,\nc,DE,\nd,FR,\n";
    let (users, report) = read_users(Source::bytes(text), &ids(&["a"]), &ItemsOptions::default()).unwrap();
    assert_eq!(types(&report), [("country", PropertyType::String), ("title", PropertyType::Text)]);
    assert_eq!(users.of_user(foretaste_data::ids::UserIx(0)).collect::<Vec<_>>(), [("country", Value::String("FR"))]);
}

#[test]
fn no_changed_byte_and_no_cut_of_the_sections_panics_or_breaks_a_rule() {
    let catalogue = catalogue_of(&random_items(70), 40);
    let whole = catalogue.to_sections();
    let mut refused = 0;
    let mut check = |sections: &Sections<Vec<u8>>| match Catalogue::from_sections(40, &borrowed(sections)) {
        // What is accepted is a catalogue: it writes the bytes that were read, and every value can be looked at.
        Ok(read) => {
            assert_eq!(read.to_sections().values, sections.values);
            assert!(read.schema().iter().all(|property| property.rows == read.len()));
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            refused += 1;
        }
    };
    let mut random = Random(3);
    for part in 0..3 {
        let of = |sections: &mut Sections<Vec<u8>>| match part {
            0 => std::mem::take(&mut sections.schema),
            1 => std::mem::take(&mut sections.ids),
            _ => std::mem::take(&mut sections.values),
        };
        let bytes = of(&mut whole.clone());
        let changed = |bytes: Vec<u8>| {
            let mut sections = whole.clone();
            match part {
                0 => sections.schema = bytes,
                1 => sections.ids = bytes,
                _ => sections.values = bytes,
            }
            sections
        };
        for _ in 0..2000 {
            let mut bytes = bytes.clone();
            let at = random.below(bytes.len() as u64) as usize;
            bytes[at] = random.below(256) as u8;
            check(&changed(bytes));
        }
        for cut in (0..bytes.len()).step_by(1 + bytes.len() / 500) {
            check(&changed(bytes[..cut].to_vec()));
        }
        check(&changed([bytes, vec![0]].concat()));
    }
    assert!(refused > 3000, "{refused}");
}

#[test]
fn a_huge_length_in_a_section_is_refused_before_anything_is_allocated() {
    let mut sections = catalogue_of(&random_items(3), 3).to_sections();
    sections.values[0..8].fill(0xff);
    let error = Catalogue::from_sections(3, &borrowed(&sections)).unwrap_err();
    assert_eq!(error.to_string(), "the values of property `brand` hold a dictionary that ends early");
    sections.ids[0..4].fill(0xff);
    let error = Catalogue::from_sections(3, &borrowed(&sections)).unwrap_err();
    assert_eq!(error.to_string(), "the ids of items without interactions hold more strings than the section can hold");
    let error = Catalogue::from_sections(usize::MAX, &borrowed(&catalogue_of(&random_items(2), 1).to_sections()));
    assert!(error.is_err());
}

#[test]
fn a_control_character_in_the_section_of_a_file_is_refused() {
    for kind in [PropertyType::String, PropertyType::Text] {
        let mut properties = Properties::none(1);
        let origin = Origin { column: None, evidence: "drawn".to_owned() };
        let value = if kind == PropertyType::Text { Value::Text("plain title") } else { Value::String("plain title") };
        properties.add_values("title", origin, kind, [Some(value)]).unwrap();
        let none = IdTable::from_sorted(std::iter::empty()).unwrap();
        let mut sections = Catalogue::new(1, none, properties).unwrap().to_sections();
        assert!(Catalogue::from_sections(1, &borrowed(&sections)).is_ok());
        let at = sections.values.windows(5).position(|window| window == b"plain").unwrap();
        sections.values[at + 2] = 0x1b;
        let error = Catalogue::from_sections(1, &borrowed(&sections)).unwrap_err();
        assert_eq!(error.to_string(), "the values of property `title` hold a text with a control character");
    }
}
