//! Single files: one for each kind of dialect that was reported as misread, and for each kind of refusal.

use std::ops::ControlFlow;

use foretaste_data::interactions::{Interactions, ReadError, ReadOptions, ReadReport, read_interactions};
use foretaste_data::table::{Decimal, Quote, Separator, Source, TableError};

fn read(text: &str, options: &ReadOptions) -> Result<(Interactions, ReadReport), ReadError> {
    read_interactions(Source::bytes(text), options, &mut |_| ControlFlow::Continue(()))
}

fn matrix(found: &Interactions) -> String {
    let mut matrix = Vec::new();
    for user in 0..found.users().len() {
        let (items, values) = found.matrix().row(user);
        matrix.extend(
            items.iter().zip(values).map(|(&item, value)| {
                format!("{} {} {value}", found.users().name(user as u32), found.items().name(item))
            }),
        );
    }
    matrix.join("; ")
}

#[test]
fn files_of_every_reported_kind_are_read_as_they_were_meant() {
    let five = "1 10 5; 1 11 3; 2 10 4; 2 12 1; 3 11 2";
    for (text, expected) in [
        ("userId,10,11,12\n1,5.0,3.0,0.0\n2,4.0,0.0,1.0\n3,0.0,2.0,0.0\n", five),
        ("userId,10,11,12\n1,5.0,3.0,\n2,4.0,,1.0\n3,,2.0,\n", five),
        ("movieId;1;2;3\n10;5;4;\n11;3;;2\n12;;1;\n", five),
        ("\"10\" \"11\" \"12\"\n\"1\" 5 3 NA\n\"2\" 4 NA 1\n\"3\" NA 2 NA\n", five),
        ("userId,a,b,c\nx,0,,-3.5\ny,,2,\n", "x a 0; x c -3.5; y b 2"),
        ("user_id:token\titem_id:token\trating:float\n196\t242\t3\n186\t302\t4\n", "186 302 4; 196 242 3"),
        ("item_id:token\tuser_id:token\trating:float\n242\t196\t3\n302\t186\t4\n", "186 302 4; 196 242 3"),
        ("userId,movieId,rating\n1,10,5,\n1,11,3,\n2,10,4,\n", "1 10 5; 1 11 3; 2 10 4"),
        ("1 10 5\n1 11 3.5\n2 10 4\n2 12 1\n", "1 10 5; 1 11 3.5; 2 10 4; 2 12 1"),
        ("   1   10  5\n 100   11  3.5\n", "1 10 5; 100 11 3.5"),
        ("# user item rating\n1 10 5\n1 11 3\n", "1 10 5; 1 11 3"),
        ("'userId','movieId','rating'\n'1','10','5'\n'1','11','3'\n", "1 10 5; 1 11 3"),
        ("userId;movieId;rating\n1;10;4,5\n1;11;3,0\n2;10;4\n", "1 10 4.5; 1 11 3; 2 10 4"),
        (
            "userId;movieId;rating;timestamp\n\"1\";\"10\";\"4,5\";\"05.01.2024 10:00\"\n\"2\";\"10\";\"4,0\";\"05.01.2024 10:00\"\n",
            "1 10 4.5; 2 10 4",
        ),
        ("1,10,5\n1,11,3,881250949\n2,10,4,881250949\n", "1 10 5; 1 11 3; 2 10 4"),
        ("sep=;\nuserId;movieId;rating\n1;10;5\n", "1 10 5"),
        ("Export of May\n\nuserId,movieId,rating\n1,10,5\n", "1 10 5"),
        (",0,1,2\n0,anna,matrix,5\n1,bob,matrix,4\n", "anna matrix 5; bob matrix 4"),
        ("Kunde;Artikel;Wert\n1;10;5\n1;11;3\n", "1 10 5; 1 11 3"),
        ("Unnamed: 0,10,11,12\n1,5,3,0\n2,4,0,1\n3,0,2,0\n", five),
        ("3\nmovieId,userId,rating\n10,1,5\n11,1,3\n10,2,4\n", "1 10 5; 1 11 3; 2 10 4"),
        ("movieId,userId,rating\n10\t1\t5\n11\t1\t3\n10\t2\t4\n", "1 10 5; 1 11 3; 2 10 4"),
        ("movieId userId rating\n10,1,5\n11,1,3\n10,2,4\n", "1 10 5; 1 11 3; 2 10 4"),
        (
            "%%MatrixMarket matrix coordinate real general\n% written by scipy\n2 11 3\n1 10 5\n1 11 3\n2 10 4\n",
            "1 10 5; 1 11 3; 2 10 4",
        ),
        (
            "% of a tool\n@RELATION ratings\n@ATTRIBUTE 'movie id' numeric\n@attribute user numeric\n@attribute rating {3,4,5}\n@DATA\n10,1,5\n11,1,3\n10,2,4\n",
            "1 10 5; 1 11 3; 2 10 4",
        ),
    ] {
        let (found, report) = read(text, &ReadOptions::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((matrix(&found).as_str(), report.rejected.total), (expected, 0), "{text}");
    }
}

#[test]
fn what_cannot_be_told_is_refused_with_both_readings_and_the_flag() {
    for (text, what, flag) in [
        ("0,1,2\n0,2,3\n1,0,4\n", "header", "--header"),
        ("1;10;1,000\n1;11;2,500\n", "decimal", "--decimal"),
        ("1,10,4\n1,11,3,5\n", "decimal", "--columns"),
        ("1,10,881250949\n2,11,881250950\n", "columns", "--columns user,item,time"),
        ("0,5,3,1\n1,6,3,2\n2,5,4,1\n3,6,2,2\n", "columns", "--columns"),
        ("5,3,0,1,4,4\n4,0,0,1,2,5\n1,1,0,5,3,1\n", "table", "--wide"),
        ("user,math,art\nanna,5,3\nbob,4,4\n", "table", "--wide"),
        ("3 4 8\n1 1 5\n1 2 3\n2 4 4\n2 1 4\n3 2 1\n3 3 3\n1 4 2\n2 3 5\n", "header", "--no-header"),
        ("2,3,4\nmovieId,userId,rating\n1,2,5\n3,1,3\n2,2,4\n1,1,4\n", "header", "--no-header"),
        (",0,1,2\n5,1,2,5\n3,2,1,4\n9,2,2,3\n", "table", "--wide"),
    ] {
        let error = read(text, &ReadOptions::default()).map(|(found, _)| matrix(&found)).unwrap_err();
        let ReadError::Table(TableError::Undecided { undecided, .. }) = &error else { panic!("{text}: {error}") };
        assert_eq!(undecided.what, what, "{text}: {error}");
        assert!(error.to_string().contains(flag), "{error}");
    }
}

#[test]
fn a_flag_picks_the_reading() {
    let all = ReadOptions::default();
    for (text, options, expected) in [
        ("0,1,2\n0,2,3\n", ReadOptions { header: Some(true), ..all.clone() }, "0 2 3"),
        ("0,1,2\n0,2,3\n", ReadOptions { header: Some(false), ..all.clone() }, "0 1 2; 0 2 3"),
        ("1;10;1,000\n", ReadOptions { decimal: Some(Decimal::Comma), ..all.clone() }, "1 10 1"),
        ("user,math,art\nanna,5,3\n", ReadOptions { wide: Some(true), ..all.clone() }, "anna art 3; anna math 5"),
        ("u,10,11,12\n1,5,3,1\n", ReadOptions { wide: Some(false), header: Some(true), ..all.clone() }, "1 5 3"),
        ("1 10 5\n", ReadOptions { separator: Some(Separator::Space), ..all.clone() }, "1 10 5"),
        ("'a'|b|5\n", ReadOptions { quote: Some(Quote::Single), ..all.clone() }, "a b 5"),
    ] {
        let (found, _) = read(text, &options).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(matrix(&found), expected, "{text}");
    }
}

#[test]
fn a_gap_in_a_table_whose_zeros_were_gaps_so_far_is_refused() {
    let mut text = "userId,10,11,12\n".to_owned();
    for user in 0..2000 {
        text += &format!("{user},5,0,{}\n", user % 5);
    }
    text += "2000,5,,1\n";
    let error = read(&text, &ReadOptions::default()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("line 2002"), "{error}");
}
