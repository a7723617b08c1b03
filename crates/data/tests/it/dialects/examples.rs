//! Single files: one for each kind of dialect that was reported as misread, and for each kind of refusal.

use std::ops::ControlFlow;

use foretaste_data::interactions::{ColumnRole, Interactions, ReadError, ReadOptions, ReadReport, read_interactions};
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
        ("1,2,3,4\n1,10,5,881250949\n1,11,3,881250950\n2,10,4,881250951\n", "1 10 5; 1 11 3; 2 10 4"),
        ("Ratings, all customers, 2020\nuserId,movieId,rating\na,b,5\na,c,3\nd,b,4\n", "a b 5; a c 3; d b 4"),
        ("userId movieId rating\n1 10 7,25e+01\n1 11 3,5e+00\n2 10 1,234e+02\n", "1 10 72.5; 1 11 3.5; 2 10 123.4"),
        ("userId|movieId|rating\nA b|c d|5\nA b|e f|3|x\ng h|c d|4\n", "A b c d 5; A b e f 3; g h c d 4"),
        (
            "userId\tmovieId\trating\nA b\t010\t5\nA b\t011\t3.5\nc d\t010\t2.0\t7\n",
            "A b 010 5; A b 011 3.5; c d 010 2",
        ),
        ("Ratings, all, 2020\nuserId,movieId,rating\n1,10,5\n1,11,3\n2,10,4\n", "1 10 5; 1 11 3; 2 10 4"),
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
        (",rating,rating,rating\nmovieId,10,11,12\nuserId,,,\n1,5.0,3.0,\n2,4.0,,1.0\n3,,2.0,\n", five),
        (",mean,mean\n,rating,rating\nuserId,1,2\nmovieId,,\n10,5,4\n11,3,\n12,,1\n", "1 10 5; 1 11 3; 2 10 4; 2 12 1"),
        ("userId,rating,rating.1,rating.2\n,10,11,12\n1,5,3,\n2,4,,1\n3,,2,\n", five),
        ("userId,10,11,12\n1,5,3,.\n2,4,.,1\n3,.,2,.\n", five),
        ("dst,src,w\n10,1,5\n11,1,3\n10,2,4\n", "1 10 5; 1 11 3; 2 10 4"),
        ("target,source,weight\n10,1,5\n11,1,3\n10,2,4\n", "1 10 5; 1 11 3; 2 10 4"),
        ("Source,Target,Type,Id,Label,Weight\n1,10,Directed,0,,5\n1,11,Directed,1,,3\n", "1 10 5; 1 11 3"),
        ("src,dst\nanna,matrix\nbob,up\n", "anna matrix 1; bob up 1"),
        (",1,10,5\n,1,11,3\n,2,10,4\n", "1 10 5; 1 11 3; 2 10 4"),
        ("|1|10|5|\n|1|11|3|\n|2|10|4|\n", "1 10 5; 1 11 3; 2 10 4"),
        ("1||10||5\n1||11||3\n2||10||4\n", "1 10 5; 1 11 3; 2 10 4"),
        ("user\t\titem\t\trating\nthe one\t\t10\t\t5\n1\t\t11\t\t3\n", "1 11 3; the one 10 5"),
        ("user\titem\trating\n1\t\t\t10\t5\n100\t\t11\t3\n2\t10\t\t4\n", "1 10 5; 2 10 4; 100 11 3"),
        ("1,2,3,4\n10,100,5,881250949\n11,101,3,881250950\n12,100,4,881250951\n", "10 100 5; 11 101 3; 12 100 4"),
        ("user;item;plays\n1;10;1.000,5\n1;11;2,5\n2;10;13.000\n", "1 10 1000.5; 1 11 2.5; 2 10 13000"),
        ("user;item;plays\n1;10;1,500.00\n1;11;120.00\n2;10;2,000\n", "1 10 1500; 1 11 120; 2 10 2000"),
        ("# item, user, rating\nrating,user_id,item_id\n5,1,10\n3,1,11\n4,2,10\n", "1 10 5; 1 11 3; 2 10 4"),
        (
            "Old Stone 12\tKing Road 3\nBig Star 4\tRed House 9\n",
            "Big Star 4 Red House 9 1; Old Stone 12 King Road 3 1",
        ),
        ("1|10|5|39,39,21\n1|11|3|29,38,1\n2|10|4|14,40,11\n", "1 10 5; 1 11 3; 2 10 4"),
        (
            "user,item,rating,note\nOne Star 7,Red 1,5,\nOne Star 7,Red 2,3,\nTwo Moons 8,Red 1,4,x\n",
            "One Star 7 Red 1 5; One Star 7 Red 2 3; Two Moons 8 Red 1 4",
        ),
        ("user|item|review|rating\n1|10|good|5\n1|11|\"a\nb\"|3\n2|10|bad|4\n", "1 10 5; 1 11 3; 2 10 4"),
        ("# user, item, rating\n0,1,2\nanna,up,5\nbob,up,3\nanna,heat,4\n", "anna heat 4; anna up 5; bob up 3"),
        ("row,user,item,rating\n0,1,10,5\n1,1,11,3,gift\n2,2,10,4\n", "1 10 5; 1 11 3; 2 10 4"),
        ("101,102,103\nu1,5,,3\nu2,,4,\nu3,1,,5\n", "u1 101 5; u1 103 3; u2 102 4; u3 101 1; u3 103 5"),
        ("%%matrixmarket matrix coordinate pattern general\n3 3 3\n1 1\n2 1\n3 2\n", "1 1 1; 2 1 1; 3 2 1"),
    ] {
        let (found, report) = read(text, &ReadOptions::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((matrix(&found).as_str(), report.rejected.total), (expected, 0), "{text}");
    }
}

#[test]
fn names_of_rows_that_are_shuffled_are_no_users() {
    let rows: String =
        (0..12).map(|at| format!("{},{},{},{}\n", (at + 1) * 7919 % 13, at / 3 + 1, at % 3 + 10, at % 5 + 1)).collect();
    let (found, _) = read(&format!("user,item,rating\n{rows}"), &ReadOptions::default()).unwrap();
    assert_eq!((found.users().len(), found.items().len()), (4, 3));
    // Without a header they could be users as well, and so they could be in a few rows.
    for text in [rows.as_str(), "user,item,rating\n17,1,10,5\n3,1,11,3\n44,2,10,4\n9,2,12,1\n28,3,11,2\n"] {
        let error = read(text, &ReadOptions::default()).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("--columns -,user,item,value"), "{error}");
    }
}

#[test]
fn a_separator_in_a_text_without_quotes_shifts_no_column() {
    for (text, expected, rejected) in [
        ("user,title,item,rating\n1,Up,10,5\n1,Good, Bad,11,3\n2,Heat,12,4\n", "1 10 5; 2 12 4", 1),
        ("user,item,rating,title\n1,10,5,Up\n1,11,3,Good, Bad\n2,12,4,Heat\n", "1 10 5; 1 11 3; 2 12 4", 0),
    ] {
        let (found, report) = read(text, &ReadOptions::default()).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((matrix(&found).as_str(), report.rejected.total), (expected, rejected), "{text}");
    }
}

#[test]
fn a_file_of_which_most_rows_are_rejected_is_refused_unless_it_was_told_how_to_read_it() {
    let text = "user\titem\tnote\n".to_owned() + &"1\t10\tx\n".repeat(6) + "1\t11\t4\n";
    let told = ReadOptions { columns: ColumnRole::list("user,item,value").ok(), ..ReadOptions::default() };
    let text = text.replace("note", "rating");
    let error = read(&text, &ReadOptions::default()).map(|_| ()).unwrap_err();
    assert!(matches!(error, ReadError::NotUnderstood { .. }), "{error}");
    let (_, report) = read(&text, &told).unwrap();
    assert_eq!((report.accepted, report.rejected.total), (1, 6));
}

#[test]
fn a_report_of_a_table_says_how_it_was_read() {
    let (_, report) = read("userId,10,11,12\n1,5,3,\n2,4,,1\n", &ReadOptions::default()).unwrap();
    let table = report.table.unwrap();
    assert_eq!((table.rows_are_items, table.columns, table.first, table.last), (false, 3, 2, 4));
    assert!(report.columns.ignored.is_empty());
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
        ("1,2,3\n10,100,5\n11,101,3\n12,100,4\n", "header", "--header"),
        (
            "Sales, all shops, 2020\na0,b0,1\na1,b1,2\na2,b2,3\na0,b3,4\na1,b4,5\na2,b5,1\na0,b6,2\na1,b7,3\na2,b8,4\na0,b9,5\na1,b10,1\na2,b11,2\n",
            "header",
            "--no-header",
        ),
        (
            "rating,user,item\n20,u0,i0,x\n27,u1,i1,x\n21,u2,i2,x\n28,u0,i3,x\n22,u1,i4,x\n29,u2,i5,x\n23,u0,i6,x\n30,u1,i7,x\n24,u2,i8,x\n31,u0,i9,x\n25,u1,i10,x\n32,u2,i11,x\n",
            "columns",
            "--columns",
        ),
        (
            "2020-01-01 10:00\t\t7\t101\t5\n2020-01-02 11:00\t8\t\t101\t\t3\n2020-01-03 11:00\t9\t101\t\t\t3\n",
            "separator",
            "--separator space",
        ),
        ("1000000000,7,101,4\n1000000001,7,103,3\n", "columns", "--columns time,user,item,value"),
        ("7,1000000000,101,4\n7,1000000001,103,3\n", "columns", "--columns user,time,item,value"),
        ("user,item,rating\n1,10,3,5\n1,11,4,0\n2,10,2,5\n", "decimal", "need quotes"),
        ("user,item,rating,time\n1,10,3,5,881250949\n1,11,4,0,881250950\n", "decimal", "need quotes"),
        ("1,10,3,5\n1,11,4,0\n2,10,2,5\n2,12,1,0\n", "decimal", "need quotes"),
        ("user;item;plays\n1;10;1.000\n1;11;2.500\n2;10;13.000\n", "decimal", "--decimal"),
        ("user,item,plays\n1,10,1.000\n1,11,250\n2,10,13.000\n", "decimal", "--decimal"),
        ("userId;10;11\n1;1.000;\n2;2.500;1.250\n3;;2.000\n", "decimal", "--decimal"),
        ("userId,10,11,12,All\n1,5,3,,4\n2,4,,1,2.5\n3,,2,,2\nAll,4.5,2.5,1,3\n", "table", "--wide yes"),
        ("userId;10;11;12\n1;5;3;\n2;4;;1\n3;;2;\nTotal;9;5;1\n", "table", "--wide yes"),
        (",rating,rating,time,time\nitem,10,11,10,11\nuser,,,,\n1,5,3,7,8\n2,4,,6,\n", "table", "one value a table"),
        ("rating,user,movie\n5,1,Up\n3,1,Good, Bad\n5,2,Heat\n", "columns", "needs quotes"),
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
        ("1;10;1,000\n", ReadOptions { decimal: Some(Decimal::Point), ..all.clone() }, "1 10 1000"),
        ("1;10;1.000\n", ReadOptions { decimal: Some(Decimal::Comma), ..all.clone() }, "1 10 1000"),
        ("1;10;1.000\n", ReadOptions { decimal: Some(Decimal::Point), ..all.clone() }, "1 10 1"),
        ("userId,10,All\n1,5,4\n2,,3\n", ReadOptions { wide: Some(true), ..all.clone() }, "1 10 5; 1 All 4; 2 All 3"),
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

#[test]
fn a_row_of_data_that_lacks_fields_is_no_title() {
    let text = "anna 10\nanna 11 4 881250949\nbob 10 3 881250950\nbob 12 5 881250951\n";
    let (found, report) = read(text, &ReadOptions::default()).unwrap();
    assert_eq!((matrix(&found).as_str(), report.rejected.total), ("anna 11 4; bob 10 3; bob 12 5", 1));
}

#[test]
fn a_list_of_columns_settles_which_field_the_header_does_not_name() {
    for (text, columns, expected) in [
        ("user_id,item_id,rating\n3,7,4,x\n5,8,3,y\n", "user,item,value,-", "3 7 4; 5 8 3"),
        ("user_id,item_id,rating\n3,7,4,x\n5,8,3,y\n", "user,item,value", "3 7 4; 5 8 3"),
        ("user_id,item_id,rating,title\n0,3,7,4,x\n1,5,8,3,y\n", "-,user,item,value,-", "3 7 4; 5 8 3"),
        (
            "genres,user_id,item_id,rating\nwar,3,7,4,x\nnoir,5,8,3,y\nold,5,7,3,y\n",
            "-,user,item,value,-",
            "3 7 4; 5 7 3; 5 8 3",
        ),
    ] {
        let options = ReadOptions { columns: ColumnRole::list(columns).ok(), ..ReadOptions::default() };
        let (found, report) = read(text, &options).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((matrix(&found).as_str(), report.rejected.total), (expected, 0), "{text}");
    }
}

#[test]
fn a_table_that_is_told_to_be_one_takes_its_first_row_for_the_header() {
    let all = ReadOptions { wide: Some(true), ..ReadOptions::default() };
    for header in [None, Some(true)] {
        for (text, expected) in [
            (";item11;item12;item13\nu1;;3;5\nu2;2;4;\n", "u1 item12 3; u1 item13 5; u2 item11 2; u2 item12 4"),
            (";11;12;13\n1;;3;5\n2;2;4;\n3;1;;\n", "1 12 3; 1 13 5; 2 11 2; 2 12 4; 3 11 1"),
            (
                "Ratings of our shop\n'' 'i1' 'i2' 'i3'\n'u1' '3' '' '5'\n'u2' '2' '4' ''\n",
                "u1 i1 3; u1 i3 5; u2 i1 2; u2 i2 4",
            ),
            ("\tBig One\tAll In\t\nu1\t30\t\t\nu2\t31\t32\t\n", "u1 Big One 30; u2 All In 32; u2 Big One 31"),
        ] {
            let options = ReadOptions { header, ..all.clone() };
            let (found, _) = read(text, &options).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(matrix(&found), expected, "{text}, {header:?}");
        }
    }
}
