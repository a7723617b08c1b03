//! Tables of users x items whose header is hard to tell from data, and columns of values under unknown names.

use std::ops::ControlFlow;

use foretaste_data::interactions::{Interactions, ReadError, ReadOptions, ReadReport, read_interactions};
use foretaste_data::table::{Source, TableError};

fn read(text: &str) -> Result<(Interactions, ReadReport), ReadError> {
    read_interactions(Source::bytes(text), &ReadOptions::default(), &mut |_| ControlFlow::Continue(()))
}

fn matrix(found: &Interactions) -> String {
    let mut matrix = Vec::new();
    for user in 0..found.users().len() {
        let (items, values) = found.matrix().row(user);
        let name = found.users().name(user as u32);
        matrix.extend(
            items.iter().zip(values).map(|(&item, value)| format!("{name} {} {value}", found.items().name(item))),
        );
    }
    matrix.join("; ")
}

fn assert_read(cases: &[(&str, &str)]) {
    for (text, expected) in cases {
        let (found, report) = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((matrix(&found).as_str(), report.rejected.total), (*expected, 0), "{text}");
    }
}

fn assert_undecided(cases: &[(&str, &str)]) {
    for (text, what) in cases {
        let error = read(text).map(|(found, _)| matrix(&found)).unwrap_err();
        let ReadError::Table(TableError::Undecided { undecided, .. }) = &error else { panic!("{text}: {error}") };
        assert_eq!(undecided.what, *what, "{text}: {error}");
    }
}

const SMALL: &str = "1 1 5; 1 3 3; 2 2 4; 3 1 1; 3 3 5; 4 2 2; 4 3 3; 5 1 4; 5 2 1";

#[test]
fn the_header_of_a_small_table_is_no_row() {
    let rows = "1,5,,3\n2,,4,\n3,1,,5\n4,,2,3\n5,4,1,\n";
    for corner in [
        "user",
        "User",
        "customer",
        "users",
        "name",
        "id",
        "user/item",
        "user\\item",
        "user_item",
        "users x items",
        "users\\items",
    ] {
        assert_read(&[(&format!("{corner},1,2,3\n{rows}"), SMALL)]);
    }
    for corner in ["item/user", "item", "movieId\\userId"] {
        let turned = "1 1 5; 1 3 1; 1 5 4; 2 2 4; 2 4 2; 2 5 1; 3 1 3; 3 3 5; 3 4 3";
        assert_read(&[(&format!("{corner},1,2,3\n{rows}"), turned)]);
    }
    let zeros = "1,5,0,3\n2,0,4,0\n3,1,0,5\n4,0,2,3\n5,4,1,0\n";
    assert_read(&[(&format!("user,1,2,3\n{zeros}"), SMALL)]);
    assert_read(&[(&format!("user,1,2,3\n{}", rows.replace(",,", ",.,").replace(",\n", ",.\n")), SMALL)]);
    let words = "anna,5,,3,1\nbob,,4,,2\ncarl,1,,5,\n";
    let expected = "anna 1 5; anna 3 3; anna 4 1; bob 2 4; bob 4 2; carl 1 1; carl 3 5";
    for corner in ["user", "name", "id", "index", "user/item"] {
        assert_read(&[(&format!("{corner},1,2,3,4\n{words}"), expected)]);
    }
    assert_read(&[(
        ";0;1;2;3;4;5\n1;2;NA;5;NA;NA;NA\n2;5;1;5;1;5;NA\n3;NA;3;1;5;4;3\n4;NA;NA;NA;3;5;NA\n",
        "1 0 2; 1 2 5; 2 0 5; 2 1 1; 2 2 5; 2 3 1; 2 4 5; 3 1 3; 3 2 1; 3 3 5; 3 4 4; 3 5 3; 4 3 3; 4 4 5",
    )]);
}

#[test]
fn a_table_without_a_corner_keeps_all_its_items() {
    assert_read(&[
        (
            "alien,brazil,casino,diva\nu0,3,2.5,,3.5\nu1,1,4,1.5,\nu2,,,2.5,3\nu3,2,,,4\n",
            "u0 alien 3; u0 brazil 2.5; u0 diva 3.5; u1 alien 1; u1 brazil 4; u1 casino 1.5; u2 casino 2.5; u2 diva 3; u3 alien 2; u3 diva 4",
        ),
        (
            "\"alien\" \"brazil\" \"casino\"\n\"7\" 3 2 NA\n\"8\" 1 4 1\n\"9\" NA NA 2\n\"10\" 2 NA 5\n",
            "7 alien 3; 7 brazil 2; 8 alien 1; 8 brazil 4; 8 casino 1; 9 casino 2; 10 alien 2; 10 casino 5",
        ),
        ("101,102,103\nu1,5,,3\nu2,,4,\nu3,1,,5\n", "u1 101 5; u1 103 3; u2 102 4; u3 101 1; u3 103 5"),
        ("101;102;103\nu1;5;;3;\nu2;;4;;\nu3;1;;5;\n", "u1 101 5; u1 103 3; u2 102 4; u3 101 1; u3 103 5"),
        ("1,2,3\nu1,5,,3\nu2,,4,\nu3,1,,5\n", "u1 1 5; u1 3 3; u2 2 4; u3 1 1; u3 3 5"),
    ]);
}

#[test]
fn tables_of_counts_are_no_rows() {
    let expected = "1 b1 2; 1 d1 4; 2 a1 3; 2 e1 2; 3 c1 2; 4 a1 20; 4 b1 2; 5 e1 6";
    let rows = "1;NaN;2;NaN;4;NaN\n2;3;NaN;NaN;NaN;2\n3;NaN;NaN;2;NaN;NaN\n4;20;2;NaN;NaN;NaN\n5;NaN;NaN;NaN;NaN;6\n";
    for corner in ["Unnamed: 0", "", "user_id", "userId"] {
        for rows in [rows.to_owned(), rows.replace("NaN", "0"), rows.replace("NaN", "")] {
            assert_read(&[(&format!("{corner};a1;b1;c1;d1;e1\n{rows}"), expected)]);
        }
    }
    let numbered = "1 102 2; 1 104 40; 2 101 3; 2 105 2; 3 103 2; 4 101 900; 5 105 6";
    let rows = "1,0,2,0,40,0\n2,3,0,0,0,2\n3,0,0,2,0,0\n4,900,0,0,0,0\n5,0,0,0,0,6\n";
    for corner in ["Unnamed: 0", "", "user_id", "id"] {
        assert_read(&[(&format!("{corner},101,102,103,104,105\n{rows}"), numbered)]);
    }
}

#[test]
fn numbers_that_may_be_a_table_or_rows_are_refused_with_both_readings() {
    assert_undecided(&[
        (",alien,brazil,casino\n0,2,20,3\n1,4,30,1\n2,3,100,2\n3,6,20,5\n", "table"),
        (",0,1,2\n0,5,0,2\n1,0,20,1\n2,7,1,0\n", "table"),
        (",kunde,artikel,wert\n0,0,0,4\n1,0,3,3\n2,8,0,5\n", "table"),
        ("user_id,age,visits,orders\n1,20,0,3\n2,40,300,0\n3,33,20,0\n4,60,0,900\n", "table"),
    ]);
    for corner in ["user", "userId", "", "user/item"] {
        let text = format!("{corner},101,102,103\nu1,x,2,x\nu2,1,x,4\nu3,x,5,1\n");
        let error = read(&text).map(|(found, _)| matrix(&found)).unwrap_err().to_string();
        assert!(error.contains("`x` says that there is none"), "{text}: {error}");
    }
    // Names that say what the columns are need no flag.
    assert_read(&[
        (",Kunde,Artikel,Bewertung\n0,7,101,4\n1,7,103,3\n2,8,101,5\n", "7 101 4; 7 103 3; 8 101 5"),
        (",Kunde,Artikel,Wert,timestamp\n0,7,101,4,881250949\n1,7,103,3,881250950\n", "7 101 4; 7 103 3"),
    ]);
}

#[test]
fn a_column_of_numbers_is_the_value_by_its_name_or_is_asked_for() {
    for name in [
        "star_rating",
        "quantity",
        "Qty",
        "vote",
        "rate",
        "review_score",
        "Rating (1-5)",
        "rating_score",
        "purchases",
        "num_views",
        "frequency",
        "r_ui",
        "strength",
    ] {
        for (more, cells) in
            [("", ["", ""]), (",timestamp", [",881250949", ",881250950"]), (",country", [",DE", ",FR"])]
        {
            let text = format!("user_id,item_id,{name}{more}\n7,101,4{}\n8,103,3{}\n", cells[0], cells[1]);
            assert_read(&[(&text, "7 101 4; 8 103 3")]);
        }
    }
    for name in ["likes", "n", "amount", "points", "label", "target", "note"] {
        for (more, cells) in
            [("", ["", ""]), (",timestamp", [",881250949", ",881250950"]), (",country", [",DE", ",FR"])]
        {
            let text = format!("user_id,item_id,{name}{more}\n7,101,4{}\n8,103,3{}\n", cells[0], cells[1]);
            let error = read(&text).map(|(found, _)| matrix(&found)).unwrap_err().to_string();
            assert!(error.contains(&format!("--rating-column {name}")), "{text}: {error}");
        }
    }
}

#[test]
fn columns_that_hold_no_value_are_passed_over_and_each_row_counts_1() {
    let counted = "7 101 1; 8 103 1; 9 101 1";
    for (name, cells) in [
        ("tags", ["\"a,b\"", "\"c\"", "\"a,c\""]),
        ("comment", ["so good", "bad", "not for me"]),
        ("genres", ["Action|War", "Drama", "War|Drama"]),
        ("seen", ["2024-01-05", "2024-01-06", "2024-02-07"]),
        ("zip_code", ["10115", "80331", "50667"]),
        ("age", ["30", "41", "22"]),
        ("price", ["3.5", "4", "1.25"]),
    ] {
        let [a, b, c] = cells;
        assert_read(&[(&format!("user_id,item_id,{name}\n7,101,{a}\n8,103,{b}\n9,101,{c}\n"), counted)]);
    }
    for (name, cells) in
        [("liked", ["True", "False", "True"]), ("mark", ["good", "bad", "good"]), ("grade_letter", ["A", "B", "A"])]
    {
        let [a, b, c] = cells;
        let text = format!("user_id,item_id,{name}\n7,101,{a}\n8,103,{b}\n9,101,{c}\n");
        assert!(matches!(read(&text), Err(ReadError::MissingColumn { role: "rating", .. })), "{text}");
    }
}

#[test]
fn amounts_of_one_user_and_item_add_up() {
    let (found, _) = read("CustomerID,StockCode,Quantity\n7,a,2\n7,a,3\n8,b,1\n").unwrap();
    assert_eq!(matrix(&found), "7 a 5; 8 b 1");
}

#[test]
fn a_uid_beside_the_uid_of_an_item_may_number_the_rows() {
    assert_read(&[("profile,anime_uid,score\nanna,5,8\nbob,5,7\n", "anna 5 8; bob 5 7")]);
    let error = read("uid,profile,anime_uid,score\n1,anna,5,8\n2,bob,5,7\n").map(|_| ()).unwrap_err();
    assert!(matches!(error, ReadError::MissingColumn { role: "user", .. }), "{error}");
}

#[test]
fn a_first_row_of_gaps_is_no_header_of_a_table_without_a_corner() {
    for gap in ["NA", "NaN", "null", "."] {
        let text = format!("alien,brazil,casino\nu1,{gap},{gap},{gap}\nu2,4,{gap},3\nu3,{gap},5,{gap}\nu4,1,2,{gap}\n");
        assert_read(&[(&text, "u2 alien 4; u2 casino 3; u3 brazil 5; u4 alien 1; u4 brazil 2")]);
        let two = format!("item11;item12\nu1;{gap};{gap}\nu2;4;{gap}\nu3;{gap};5\nu4;3;2\n");
        match read(&two) {
            Ok((found, _)) => assert_eq!(matrix(&found), "u2 item11 4; u3 item12 5; u4 item11 3; u4 item12 2", "{two}"),
            Err(error) => assert!(error.to_string().contains("the header names all fields"), "{two}: {error}"),
        }
    }
}

#[test]
fn an_empty_corner_above_rows_that_end_empty_is_a_header() {
    assert_read(&[(",a,b,c\nx,0.5,4.0,\ny,3.0,5.0,\n", "x a 0.5; x b 4; y a 3; y b 5")]);
    // Few items under words are refused, not read as rows that lack theirs.
    assert_undecided(&[
        ("\tBig One\tAll In\tUp\t\nu1\t30\t\t3\t\nu2\t31\t32\t\t\nu3\t\t32\t1\t\n", "table"),
        ("\tBig One\tAll In\t\nu1\t30\t\t\nu2\t31\t32\t\nu3\t\t32\t\n", "table"),
    ]);
}

#[test]
fn an_index_above_a_header_that_counts_from_1_is_no_column_of_users() {
    assert_read(&[
        (",1,2,3\n0,57,60,5\n1,18,18,5\n2,18,57,0.5\n", "18 18 5; 18 57 0.5; 57 60 5"),
        ("|1|2|3\n0|107|160|5\n1|118|118|4\n2|118|107|1\n", "107 160 5; 118 107 1; 118 118 4"),
        ("1 2 3\n0 anna alien 2.0\n1 bob casino 4.5\n2 bob alien 1\n", "anna alien 2; bob alien 1; bob casino 4.5"),
        (
            "1 2 3\n0 000263 000198 3\n1 000172 000226 2\n2 000263 000226 1\n",
            "000172 000226 2; 000263 000198 3; 000263 000226 1",
        ),
        ("1 2 3\n0 101 213 3\n1 102 204 5\n2 102 208 2\n", "101 213 3; 102 204 5; 102 208 2"),
    ]);
    // Ids as small as the values may be values.
    assert_undecided(&[
        (",1,2,3\n0,2,10,3\n1,4,3,5\n2,2,7,1\n", "table"),
        (",1,2,3\n5,2,10,3\n3,4,3,5\n9,2,7,1\n", "table"),
        (",1,2,3\n1,5,4,3\n2,2,4,2\n3,1,2,5\n", "table"),
    ]);
}

#[test]
fn a_usual_name_above_ids_is_no_row_whatever_the_cells_are() {
    assert_read(&[
        (
            "user -7 111 53 -2\n-37 0 3.0 0 0.5\n-10 2 0 0 0\n10 0 2.5 0 1.5\n",
            "10 111 2.5; 10 -2 1.5; -10 -7 2; -37 111 3; -37 -2 0.5",
        ),
        (
            "user -10 -6 65 -86\nanna 4.02 7.21 NA 3.34\nbob NA 7.71 NA NA\n",
            "anna -10 4.02; anna -6 7.21; anna -86 3.34; bob -6 7.71",
        ),
    ]);
    // Of cells that are no numbers the header is named, and no row of it is read.
    let error = read("user 11 12 13\n1 x y z\n2 y x x\n").map(|(found, _)| matrix(&found)).unwrap_err().to_string();
    assert!(error.contains("user") && error.contains("11"), "{error}");
}

#[test]
fn words_of_a_title_say_nothing_of_the_separator() {
    for separator in ["\t", "|", ";", "::"] {
        for title in ["Report 2020\nGenerated by the system\n", "Generated by our system\n", "Report of 2020\n"] {
            let rows = "userId,x,y,z\na,4,5,0\nb,0,0,2\n".replace(',', separator);
            assert_read(&[(&format!("{title}{rows}"), "a x 4; a y 5; b z 2")]);
        }
    }
    // Words between spaces above numbers of columns are a title, or names above data.
    for numbers in ["1 2 3 4", "0 1 2 3"] {
        let rows = "anna alien 0.5 7\nbob alien 2.5 8\nbob casino 5.0 7\n";
        for title in ["Report 2020\nGenerated by the system", "Sales of our shop"] {
            assert_undecided(&[(&format!("{title}\n{numbers}\n{rows}"), "header")]);
            let longer = rows.replace('\n', " x\n");
            assert_undecided(&[(&format!("{title}\n{numbers} 5\n{longer}").replace("3 5", "3 4"), "header")]);
        }
    }
    let ids =
        "\"\" \"B1\" \"B2\" \"B3\"\n\"u1\" \"9\" \"0\" \"4\"\n\"u2\" \"0\" \"8\" \"0\"\n\"u3\" \"2\" \"0\" \"1\"\n";
    assert_read(&[(
        &format!("Report 2020\nGenerated by the whole system\n{ids}"),
        "u1 B1 9; u1 B3 4; u2 B2 8; u3 B1 2; u3 B3 1",
    )]);
}

#[test]
fn the_first_row_of_a_small_table_without_a_corner_is_no_row_that_lacks_a_field() {
    for (text, expected) in [
        ("11,12\n1,5,2\n2,,5\n", "1 11 5; 1 12 2; 2 12 5"),
        ("11;12\n1;NaN;5\n2;NaN;NaN\n", "1 12 5"),
        ("11\t12\n1\t0\t4\n2\t2\t0\n", "1 12 4; 2 11 2"),
        ("11,12,13\n1,4,3,NaN\n2,NaN,5,NaN\n", "1 11 4; 1 12 3; 2 12 5"),
        ("11;12;13\n1;;;\n2;2;4;\n3;;5;\n", "2 11 2; 2 12 4; 3 12 5"),
        ("item11;item12\nu1;NaN;NaN\nu2;NaN;2\n", "u2 item12 2"),
        ("item11|item12|item13\nu1|null|3|null\nu2|null|null|null\n", "u1 item12 3"),
        ("item11;item12\nu1;null;2\nu2;null;3\nu3;null;1\n", "u1 item12 2; u2 item12 3; u3 item12 1"),
    ] {
        match read(text) {
            Ok((found, _)) => assert_eq!(matrix(&found), expected, "{text}"),
            Err(ReadError::Table(TableError::Undecided { .. })) => {}
            Err(error) => panic!("{text}: {error}"),
        }
    }
}
